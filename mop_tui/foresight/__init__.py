"""What earlier sessions let expect of the next one.

Sessions that succeeded leave records (`record`, `observing`) in a store of the operator's
(`store`). From them it is learnt how long things take (`durations`) and how far such a forecast
can be off (`calibration`); playing a plan through with that (`simulation`) tells when it would be
done, and which team would do it best (`prediction`). Where there are too few records, that is the
answer.
"""
