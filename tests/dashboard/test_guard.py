"""The guard alone: pure times, no screen."""

from mop_tui.dashboard.guard import QUIET, QUIET_AGAIN, KeyGuard


def test_what_was_typed_before_the_dialog_was_painted_is_dropped() -> None:
    guard = KeyGuard()
    assert guard.drops(10.0)
    assert guard.drops(99.0)
    guard.painted(100.0)
    assert guard.drops(99.9), "typed before, handled after"


def test_a_key_soon_after_painting_is_dropped_and_one_after_a_quiet_moment_is_not() -> None:
    guard = KeyGuard()
    guard.painted(100.0)
    assert guard.drops(100.0 + QUIET - 0.01)
    assert not guard.drops(100.0 + 2 * QUIET)


def test_each_key_starts_the_quiet_moment_again() -> None:
    guard = KeyGuard()
    guard.painted(100.0)
    for number in range(20):
        assert guard.drops(100.0 + 0.3 * number)
    assert guard.dropped == 20
    assert not guard.drops(100.0 + 0.3 * 19 + QUIET)


def test_once_over_it_stays_over() -> None:
    guard = KeyGuard()
    guard.painted(100.0)
    assert not guard.drops(101.0)
    assert not guard.drops(101.01)
    assert not guard.drops(101.02)
    assert guard.dropped == 0


def test_a_key_meant_for_something_else_starts_a_longer_quiet_moment() -> None:
    guard = KeyGuard()
    guard.painted(100.0)
    assert not guard.drops(105.0)
    guard.restart(105.0)
    assert guard.drops(105.0 + 2 * QUIET)
    at = 105.0 + 2 * QUIET + QUIET_AGAIN
    assert guard.dropped == 2
    assert not guard.drops(at)


def test_a_program_too_busy_to_handle_keys_does_not_open_the_guard() -> None:
    guard = KeyGuard()
    guard.painted(100.0)
    assert guard.is_over(101.0), "the screen may say so already"
    assert guard.drops(100.1), "but this key was typed right after painting"
    assert guard.drops(100.4), "and this one soon after that"
    assert not guard.drops(100.4 + QUIET)
