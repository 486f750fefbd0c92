"""The report as one HTML file: what it holds, what it refuses, and how large it gets."""

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from time import perf_counter
from xml.etree import ElementTree as ET

import pytest
from report.summaries import MINUTE, agent, deployment, giant, spliced, stays, task

from mop_tui.domain.ids import AgentId, TaskId
from mop_tui.domain.plan import Mode
from mop_tui.domain.task_lifecycle import TaskState
from mop_tui.report import summary as s
from mop_tui.report.gathering import gather
from mop_tui.report.html import as_html

RECORDED = Path(__file__).parents[2] / "sessions" / "mop-platform.jsonl"
EMPTY_ELEMENTS = {"meta", "input"}
HOSTILE = (
    "</title></td></script><script>alert(1)</script><img src=x onerror=alert(2)>\"'`&amp;\x1b[31m"
    "\x00\x07\u202e\ud800\r\nend"
)


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        """What is written, each with the element that holds it."""
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.append((tag, dict(attrs)))
        if tag not in EMPTY_ELEMENTS:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that holds nothing."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Check that what ends is what began last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if data.strip():
            self.texts.append((self.open[-1] if self.open else "", data.strip()))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of all elements of a kind."""
        return [attributes for name, attributes in self.tags if name == tag]

    def said(self, tag: str) -> list[str]:
        """Return what elements of a kind say."""
        return [text for name, text in self.texts if name == tag]

    def seen(self) -> str:
        """Return all that is to be read."""
        return " ".join(text for name, text in self.texts if name not in ("style", "script"))


@pytest.fixture(scope="module")
def page() -> Page:
    """Return the page about a session in which something of everything happened."""
    return Page(as_html(deployment()))


def hostile(said: str) -> s.Summary:
    """Return a session in which everybody says `said` wherever they can say something."""
    plain = deployment()
    name = TaskId(said)
    return replace(
        plain,
        session=said,
        project=said,
        goal=said,
        user=said,
        reason=said,
        file=said,
        damage=said,
        version=said,
        tasks=(
            replace(plain.tasks[0], id=name, title=said, output=said, reason=said),
            replace(plain.tasks[-1], agent=AgentId(said), reason=said),
        ),
        agents=tuple(
            replace(it, id=AgentId(f"{said}{at}"), spawned_by=said, type=said)
            for at, it in enumerate(plain.agents)
        ),
        teams=tuple(replace(it, name=said) for it in plain.teams),
        questions=tuple(
            replace(it, question=said, value=said, reason=said, by=said, about=said)
            for it in plain.questions
        ),
        issues=tuple(
            replace(it, text=said, closing=said, about=said, severity=said) for it in plain.issues
        ),
        decisions=tuple(
            replace(it, rule=said, verdict=said, reason=said, actions=(said,))
            for it in plain.decisions
        ),
        adaptations=tuple(replace(it, text=said, kind=said) for it in plain.adaptations),
        timeline=tuple(replace(it, text=said) for it in plain.timeline),
        critical_path=(s.Step(name, 0, MINUTE, said),),
        insights=(s.Insight(said, said, (10,), 1),),
        evidence=(s.Moment(10, 0, "user.asked", said),),
        queues=tuple(replace(it, skill=said, longest=name) for it in plain.queues),
    )


def test_all_elements_are_closed_in_order_and_no_name_is_given_twice(page: Page) -> None:
    assert page.open == []
    names = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(names) == len(set(names))


def test_every_chart_is_well_formed_and_says_what_it_shows() -> None:
    html = as_html(deployment())
    page = Page(html)
    images = [it for it in page.all("svg") if it.get("role") == "img"]
    assert images
    assert all(it.get("aria-label") for it in images)
    whole = html[html.index("<body>") : html.index("<script>")]
    body = whole.replace("<body>", "<body xmlns='http://www.w3.org/1999/xhtml'>") + "</body>"
    ET.fromstring(body)  # noqa: S314 - made here, a moment ago


def test_it_needs_nothing_from_elsewhere(page: Page) -> None:
    for tag in ("link", "img", "iframe", "object", "embed", "base", "form"):
        assert page.all(tag) == []
    assert [it for it in page.all("script") if "src" in it] == []
    assert all((it["href"] or "").startswith("#") for it in page.all("a"))
    style = next(text for name, text in page.texts if name == "style")
    assert "@import" not in style
    assert re.findall(r"url\((?!#)", style) == []
    policy = next(it["content"] for it in page.all("meta") if "http-equiv" in it)
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


def test_the_policy_of_the_page_names_its_style_and_script() -> None:
    html = as_html(deployment())
    for tag in ("style", "script"):
        inner = html[html.index(f"<{tag}>") + len(tag) + 2 : html.index(f"</{tag}>")]
        digest = b64encode(sha256(inner.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in html
    # With that policy, a style attribute would be refused.
    assert all("style" not in attributes for _, attributes in Page(html).tags)


def test_every_link_leads_somewhere_and_evidence_that_is_told_is_linked(page: Page) -> None:
    names = {attributes.get("id") for _, attributes in page.tags}
    links = {(it["href"] or "#")[1:] for it in page.all("a")}
    assert links <= names
    assert {"event-10", "event-210", "event-230"} <= links
    assert "event-999" not in links
    assert "event 999" in page.said("span")


def test_it_tells_how_the_session_went(page: Page) -> None:
    seen = page.seen()
    for said in (
        "deploy-platform",
        "1 of 7 tasks failed",
        "46 min",
        "6 of 7",
        "observe waited 14 min for the key services_ready.",
        "Deploy release 2.4.1 to production?",
        "smoke tests are green",
        "trigger on_services_ready",
        "builder was unhealthy in 3 checks",
        "hierarchical became mesh: few agents",
        "expected at the start to take 38 min, between 33 min and 44 min",
        "live",
    ):
        assert said in seen


def test_the_timeline_shows_waits_marks_and_the_critical_path(page: Page) -> None:
    titles = page.said("title")
    assert any(
        it.startswith("waiting for a key, observe: 28:00\u201342:00, 14 min") for it in titles
    )
    assert any(it.startswith("question at 36:00: Deploy release") for it in titles)
    assert any(it.startswith("failure at 44:00") for it in titles)
    assert any(it.startswith("issue at 5:00: warning: builder does not answer") for it in titles)
    assert "critical path: 9:00\u201321:00" in titles
    lanes = [it for it in page.all("svg") if it.get("class") == "bar"]
    assert any("deployer: 2 tasks done" in (it["aria-label"] or "") for it in lanes)


def test_what_others_wrote_stays_text() -> None:
    plain, page = Page(as_html(deployment())), Page(as_html(hostile(HOSTILE)))
    assert page.open == []
    assert len(page.all("script")) == len(plain.all("script")) == 1
    assert page.all("img") == []
    for _, attributes in page.tags:
        assert not [it for it in attributes if it.startswith("on")]
    assert "alert(1)" in page.seen()
    whole = as_html(hostile(HOSTILE))
    whole.encode("utf-8")
    assert not [it for it in whole if not (it.isprintable() or it == "\n")]


def test_very_long_texts_are_cut_and_say_so() -> None:
    page = as_html(hostile("x" * 100_000))
    assert len(page) < 400_000
    assert "\u2026 (+99," in page


@pytest.mark.parametrize("outcome", ["running", "interrupted"])
def test_a_session_without_an_end_says_so(outcome: str) -> None:
    seen = Page(as_html(replace(deployment(), outcome=outcome, reason=""))).seen()
    assert "how it stood after 46 min" in seen


def test_damage_is_told_first() -> None:
    seen = Page(as_html(replace(deployment(), damage="line 40 is no JSON", torn=True))).seen()
    assert seen.index("line 40 is no JSON") < seen.index("Insights")
    assert "cut short" in seen


def test_a_session_of_nothing_is_a_page_too() -> None:
    nothing = s.Summary(
        "empty", "", "", Mode.REHEARSAL, "", "", "2026-03-02T09:00:00+01:00", 0, "", "", 1,
        "running", "", 0, None, (), None,
    )  # fmt: skip
    page = Page(as_html(nothing))
    assert page.open == []
    assert "rehearsal" in page.seen()


def test_a_secret_answer_is_called_one() -> None:
    plain = deployment()
    secret = replace(plain.questions[0], secret=True, value="")
    assert "kept secret" in Page(as_html(replace(plain, questions=(secret,)))).seen()


def test_a_giant_session_makes_a_page_of_bounded_size_that_says_what_is_left_out() -> None:
    summary = giant()
    began = perf_counter()
    html = as_html(summary)
    assert perf_counter() - began < 20  # about 2 s by itself
    assert len(html) < 3_000_000
    page = Page(html)
    seen = page.seen()
    assert "328 of 400 agents share a row" in seen
    assert "400 of 10,000 are listed" in seen
    assert "Of 10,000 tasks, the 80 are shown" in seen
    # However much is left out, what insights rest on is there.
    names = {attributes.get("id") for _, attributes in page.tags}
    assert {"event-199990", "event-9999"} <= names


def test_a_bar_is_as_long_as_what_it_shows() -> None:
    one = replace(
        deployment(),
        agents=(agent("infra", "platform", stays("+" * 10 + "k" * 30, "provision-cluster")),),
        tasks=(task("provision-cluster", "++x", "infra", TaskState.COMPLETE),),
        length_ms=40 * MINUTE,
    )
    page = Page(as_html(one))
    bars = [it for it in page.all("rect") if it.get("class") in ("s working", "s key")]
    assert ("0%", "25%") in {(it["x"], it["width"]) for it in bars}
    assert ("25%", "75%") in {(it["x"], it["width"]) for it in bars}


def test_what_insights_of_a_real_session_rest_on_is_told_and_linked() -> None:
    page = Page(as_html(gather(RECORDED)))
    names = {attributes.get("id") for _, attributes in page.tags}
    chips = [it for it in page.all("a") if it.get("class") == "chip"]
    assert chips
    assert [it for it in page.all("span") if it.get("class") == "chip"] == []
    assert {(it["href"] or "")[1:] for it in chips} <= names
    assert all(it["title"] for it in chips)


def test_only_who_had_it_in_hand_is_marked_as_critical() -> None:
    plain = deployment()
    name = "provision-cluster"
    handed_over = replace(
        plain,
        agents=(
            agent("infra", "platform", stays("++++++", name)),
            agent("builder", "platform", spliced(stays("......"), stays("++++", name))),
        ),
        critical_path=(s.Step(TaskId(name), 0, 9 * MINUTE, "it was there"),),
        tasks=(task(name, "++++++++++x", "builder"),),
    )
    html = as_html(handed_over)
    lanes = html[html.index('<section id="time">') : html.index('<section id="progress">')]
    marked = [it for it in Page(lanes).said("title") if it.startswith("critical path:")]
    assert marked == ["critical path: 0:00\u20136:00", "critical path: 6:00\u20139:00"]
