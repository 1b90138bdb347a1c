"""The page in a real browser: what it shows of what the server sends."""

from __future__ import annotations

import base64
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from emotion_recognition.core.images.overlay import COLORS
from emotion_recognition.core.types import EMOTIONS, Box, Emotion, Face
from emotion_recognition.web import application
from emotion_recognition.web.picture import jpeg
from emotion_recognition.web.server import ServerSettings, WebServer
from emotion_recognition.web.update import Status, Update

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

TIMEOUT = 20_000  # milliseconds
WIDTH, HEIGHT = 640, 480
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
TOKEN = "a-token-of-the-tests"
PAGE = Path(__file__).resolve().parents[2] / "emotion_recognition" / "web" / "page"


def face(label: str = "happy", left: float = 200.0, track_id: int = 1) -> Face:
    """A face whose eight probabilities are high for its label, and 0.1 higher before smoothing."""
    place = EMOTIONS.index(label)
    smoothed = tuple(0.65 if i == place else 0.05 for i in range(8))
    raw = tuple(0.75 if i == place else 0.05 for i in range(8))
    return Face(
        Box(left, 150, left + 120, 300),
        0.9,
        smoothed,
        Emotion(place, label, 0.65),
        track_id,
        raw,
        ((left + 30, 200.0), (left + 90, 200.0), (left + 60, 230.0)),
        EMOTIONS,
    )


def update(*faces: Face, brightness: int = 50) -> Update:
    image = np.full((HEIGHT, WIDTH, 3), brightness, np.uint8)
    return Update(faces, WIDTH, HEIGHT, EMOTIONS, picture=lambda: jpeg(image))


class Shown:
    """A server, and the pages that show it."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.audience: list[tuple[str, bool]] = []
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._contexts: list[BrowserContext] = []
        self.serve(0)

    def serve(
        self,
        port: int,
        cameras: tuple[str, ...] = ("left", "right"),
        **settings: Any,  # noqa: ANN401
    ) -> None:
        self.server = WebServer(
            ServerSettings(port, **settings),
            cameras,
            lambda camera, is_watched: self.audience.append((camera, is_watched)),
            self.errors.append,
        )
        self.address = self.server.start()
        self.port = int(self.address.split(":")[2].split("/")[0])

    def open(self, path: str = "/", **options: Any) -> Page:  # noqa: ANN401
        context = self._browser.new_context(**{"viewport": DESKTOP, **options})
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(TIMEOUT)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(f"http://127.0.0.1:{self.port}{path}")
        return page

    def show(self, page: Page, item: Update, condition: str, argument: Any = None) -> None:  # noqa: ANN401
        """Publishes an answer until a condition of the page is true."""

        def publish() -> None:
            while not done.is_set():
                self.server.publish("left", item)
                done.wait(0.05)

        done = threading.Event()
        publishing = threading.Thread(target=publish)
        publishing.start()
        try:
            page.wait_for_function(condition, arg=argument)
        finally:
            done.set()
            publishing.join()

    def close(self) -> None:
        for context in self._contexts:
            context.close()
        self.server.close()


@pytest.fixture
def shown(browser: Browser) -> Iterator[Shown]:
    shown = Shown(browser)
    yield shown
    shown.close()


@pytest.fixture
def without_errors(shown: Shown) -> Iterator[None]:
    yield
    assert shown.errors == []
    assert {url.split("/")[2] for url in shown.requests} == {f"127.0.0.1:{shown.port}"}


HAS_TITLE = "text => [...document.querySelectorAll('.face h3')].some(h => h.textContent === text)"
HAS_ATTRIBUTE = (
    "([place, name, text]) => document.querySelector(place).getAttribute(name).includes(text)"
)
HAS_TEXT = "([place, text]) => document.querySelector(place).textContent.includes(text)"


def pixels(page: Page) -> np.ndarray[Any, Any]:
    """The picture's canvas as uint8 (H, W, 3) RGB."""
    values = page.evaluate(
        "() => { const c = document.getElementById('picture');"
        " const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        " return [c.width, c.height, btoa(Array.from(d, v => String.fromCharCode(v)).join(''))]; }"
    )
    flat = np.frombuffer(base64.b64decode(values[2]), np.uint8)
    return flat.reshape(values[1], values[0], 4)[..., :3]


def has_color(image: np.ndarray[Any, Any], label: str) -> np.ndarray[Any, Any]:
    """Where an image, RGB, has the colour of an emotion."""
    return np.abs(image.astype(int) - COLORS[label][::-1]).max(axis=2) < 12


@pytest.mark.usefixtures("without_errors")
def test_the_box_is_where_the_face_is_in_the_colour_of_its_emotion(shown: Shown) -> None:
    page = shown.open()
    shown.show(page, update(face("sad", 200)), HAS_TITLE, "#1 sad 65%")
    image = pixels(page)
    assert image.shape == (HEIGHT, WIDTH, 3)
    ys, xs = np.nonzero(has_color(image, "sad")[160:])  # below its label
    assert abs(xs.min() - 200) <= 4
    assert abs(xs.max() - 320) <= 4
    assert abs(ys.max() + 160 - 300) <= 4
    assert abs(int(image[440, 600].mean()) - 50) <= 2, "the picture shows beside the box"
    assert has_color(image, "sad")[200, 230], "a landmark"


def test_no_box_is_ever_drawn_on_the_picture_of_another_answer(shown: Shown) -> None:
    page = shown.open()
    shown.show(page, update(face()), HAS_TITLE, "#1 happy 65%")
    # Brightness and place go together; whatever is looked at must be of one answer.
    page.evaluate(
        """() => {
          window.seen = [];
          const draw = () => {
            const c = document.getElementById('picture');
            const d = c.getContext('2d').getImageData(0, 225, c.width, 1).data;
            let left = -1;
            for (let x = 0; x < c.width && left < 0; x += 1) {
              if (d[4 * x + 1] - d[4 * x] > 60) left = x;
            }
            window.seen.push([left, d[4 * (c.width - 1)]]);
            requestAnimationFrame(draw);
          };
          requestAnimationFrame(draw);
        }"""
    )
    for step in range(40):
        number = step % 20
        shown.server.publish("left", update(face("happy", 20 * number), brightness=20 + 5 * number))
        time.sleep(0.03)
    seen = page.evaluate("() => window.seen")
    pairs = {(round(left / 20), round((brightness - 20) / 5)) for left, brightness in seen[1:]}
    moved = {pair for pair in pairs if pair != (10, 6)}  # of the first answer
    assert len(moved) > 3
    assert all(place == brightness for place, brightness in moved), moved


@pytest.mark.usefixtures("without_errors")
def test_a_face_has_a_card_with_all_eight_probabilities(shown: Shown) -> None:
    page = shown.open()
    shown.show(page, update(face("fearful"), face("sad", 400, 0)), HAS_TITLE, "#1 fearful 65%")
    first, second = page.query_selector_all(".face")
    assert [row.inner_text().split("\n")[0] for row in first.query_selector_all(".row")] == [
        *EMOTIONS
    ]
    chosen = first.query_selector(".chosen")
    assert chosen
    assert chosen.inner_text().split() == ["fearful", "65", "%"]
    widths = chosen.evaluate(
        "row => [row.querySelector('.fill').style.width, row.querySelector('.mark').style.left]"
    )
    assert widths == ["65%", "75%"], "smoothed, and of this picture alone"
    assert "new: sad 65%" in second.inner_text()
    shown.show(page, update(face("sad")), HAS_TITLE, "#1 sad 65%")
    assert len(page.query_selector_all(".face")) == 1, "a face that is gone has no card"
    shown.show(page, update(), "() => !document.getElementById('nobody').hidden")
    assert page.query_selector_all(".face") == []


@pytest.mark.usefixtures("without_errors")
def test_the_last_minute_has_a_band_for_each_track_in_the_colours_of_its_emotions(
    shown: Shown,
) -> None:
    page = shown.open()
    for label in EMOTIONS:
        shown.show(page, update(face(label), face("sad", 400, 7)), HAS_TITLE, f"#1 {label} 65%")
        time.sleep(0.3)
    page.wait_for_function(
        HAS_ATTRIBUTE, arg=["#timeline", "aria-label", "face 1 sad, then fearful, then disgusted"]
    )
    described = page.get_attribute("#timeline", "aria-label")
    assert described is not None
    assert "face 7 sad" in described
    image = cv2.imdecode(
        np.frombuffer(page.locator("#timeline").screenshot(), np.uint8), cv2.IMREAD_COLOR
    )
    assert image is not None
    for label in EMOTIONS:
        assert has_color(image[..., ::-1], label).sum() > 20, label


@pytest.mark.usefixtures("without_errors")
@pytest.mark.parametrize(
    ("level", "mark"), [("ok", "✓ OK"), ("warn", "! Warning"), ("error", "✕"), ("stale", "…")]
)
def test_the_health_is_told_in_words_and_not_by_colour_alone(
    shown: Shown, level: str, mark: str
) -> None:
    page = shown.open()
    page.wait_for_function("() => document.getElementById('camera').length === 2")
    figures = {"rate (Hz)": "14.9", "latency p50 (ms)": "20", "latency p95 (ms)": "31"}
    figures |= {"dropped (busy)": "3", "received": "40", "lost (transport)": "2"}
    shown.server.publish("left", Status(level, "as it is", figures))
    page.wait_for_function(HAS_TEXT, arg=["#status", "as it is"])
    assert mark in page.inner_text("#status")
    if level != "stale":  # which it is before anything has come
        assert page.text_content("#spoken") == "as it is"
    told = page.inner_text("#figures")
    for expected in ("14.9 Hz", "20, 31 ms", "3 of 40"):
        assert expected in told


def test_it_says_when_no_answer_comes(shown: Shown) -> None:
    page = shown.open()
    shown.show(page, update(face()), HAS_TITLE, "#1 happy 65%")
    page.wait_for_function(HAS_TEXT, arg=["#notice", "No answer for "])
    assert page.is_visible("#notice")
    shown.show(page, update(face("sad")), HAS_TITLE, "#1 sad 65%")
    assert not page.is_visible("#notice")


def test_no_answer_is_missed_of_a_source_that_has_ended(shown: Shown) -> None:
    page = shown.open()
    shown.show(page, update(face()), HAS_TITLE, "#1 happy 65%")
    shown.server.publish("left", Status("ok", "this is the last image", has_ended=True))
    page.wait_for_timeout(3500)
    assert page.is_hidden("#notice")


def test_it_comes_back_by_itself_when_the_server_does(shown: Shown) -> None:
    page = shown.open()
    shown.show(page, update(face()), HAS_TITLE, "#1 happy 65%")
    shown.server.close()
    page.wait_for_function(HAS_TEXT, arg=["#status", "does not answer. Trying again."])
    shown.serve(shown.port)
    shown.show(page, update(face("angry")), HAS_TITLE, "#1 angry 65%")
    page.wait_for_function("() => document.getElementById('notice').hidden")


@pytest.mark.usefixtures("without_errors")
@pytest.mark.parametrize("press", ["click", "p", " "])
def test_a_pause_shows_the_last_picture_and_receives_nothing(shown: Shown, press: str) -> None:
    def toggle() -> None:
        page.click("#pause") if press == "click" else page.keyboard.press(press)

    page = shown.open()
    shown.show(page, update(face()), HAS_TITLE, "#1 happy 65%")
    toggle()
    page.wait_for_function(HAS_TEXT, arg=["#status", "Paused"])
    wait_until(lambda: ("left", False) in shown.audience)
    assert page.get_attribute("#pause", "aria-pressed") == "true"
    assert has_color(pixels(page), "happy").any()
    toggle()
    shown.show(page, update(face("sad")), HAS_TITLE, "#1 sad 65%")


@pytest.mark.usefixtures("without_errors")
def test_the_camera_can_be_chosen(shown: Shown) -> None:
    page = shown.open()
    page.wait_for_function("() => document.getElementById('camera').length === 2")
    page.select_option("#camera", "right")
    wait_until(lambda: {("left", False), ("right", True)} <= set(shown.audience))
    shown.server.publish("right", Status("ok", "of the right one"))
    page.wait_for_function(HAS_TEXT, arg=["#status", "of the right one"])
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("c")
    wait_until(lambda: len(shown.audience) == 5)
    assert shown.audience.count(("left", True)) == 2
    page.wait_for_function("() => document.getElementById('camera').value === 'left'")


def test_a_camera_that_is_gone_after_a_restart_gives_way_to_another(shown: Shown) -> None:
    page = shown.open()
    page.wait_for_function("() => document.getElementById('camera').length === 2")
    page.select_option("#camera", "right")
    wait_until(lambda: ("right", True) in shown.audience)
    shown.server.publish("right", update(face()))
    page.wait_for_function(HAS_TITLE, arg="#1 happy 65%")
    shown.server.close()
    shown.serve(shown.port, cameras=("left",))
    wait_until(lambda: not pixels(page).any())  # it is of the camera that is gone
    shown.show(page, update(face("angry")), HAS_TITLE, "#1 angry 65%")
    assert not page.is_visible("#camera-choice")


def test_a_viewer_too_many_is_told_so_and_gets_its_own_camera_when_there_is_room(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = shown.open()
    page.wait_for_function("() => document.getElementById('camera').length === 2")
    page.select_option("#camera", "right")
    wait_until(lambda: ("right", True) in shown.audience)
    shown.server.close()
    shown.audience.clear()
    with monkeypatch.context() as crowd:
        crowd.setattr(application, "MOST_VIEWERS", 0)
        shown.serve(shown.port)
        page.wait_for_function(HAS_TEXT, arg=["#status", "0 viewers are watching already."])
    wait_until(lambda: bool(shown.audience))
    assert shown.audience == [("right", True)]


@pytest.mark.usefixtures("without_errors")
def test_nothing_of_one_camera_stays_under_the_name_of_another(shown: Shown) -> None:
    page = shown.open()
    shown.show(page, update(face()), HAS_TITLE, "#1 happy 65%")
    page.wait_for_function(HAS_ATTRIBUTE, arg=["#picture", "aria-label", "happy"])
    page.select_option("#camera", "right")
    page.wait_for_function(HAS_ATTRIBUTE, arg=["#picture", "aria-label", "No picture yet"])
    assert not pixels(page).any()
    assert not page.is_visible(".face")


@pytest.mark.usefixtures("without_errors")
def test_a_key_that_is_held_counts_once(shown: Shown) -> None:
    page = shown.open()
    shown.show(page, update(face()), HAS_TITLE, "#1 happy 65%")
    for _ in range(2):
        page.keyboard.down("p")
    assert page.get_attribute("#pause", "aria-pressed") == "true"


@pytest.mark.usefixtures("without_errors")
def test_the_keys_can_be_switched_off(shown: Shown) -> None:
    page = shown.open()
    shown.show(page, update(face()), HAS_TITLE, "#1 happy 65%")
    page.focus("#shortcuts")
    page.keyboard.press(" ")
    page.keyboard.press("p")
    assert page.get_attribute("#pause", "aria-pressed") == "false"
    page.keyboard.press(" ")
    page.keyboard.press("p")
    assert page.get_attribute("#pause", "aria-pressed") == "true"


@pytest.mark.usefixtures("without_errors")
@pytest.mark.parametrize("press", ["click", "s"])
def test_a_snapshot_is_a_file_of_who_looks_with_the_boxes(
    shown: Shown, press: str, tmp_path: Path
) -> None:
    page = shown.open()
    shown.show(page, update(face()), HAS_TITLE, "#1 happy 65%")
    with page.expect_download() as download:
        page.click("#snapshot") if press == "click" else page.keyboard.press(press)
    assert download.value.suggested_filename.startswith("emotions_20")
    download.value.save_as(tmp_path / "snapshot.png")
    image = cv2.imread(str(tmp_path / "snapshot.png"))
    assert image is not None
    assert (image[..., ::-1] == pixels(page)).all()
    assert has_color(image[..., ::-1], "happy").any()


@pytest.mark.usefixtures("without_errors")
def test_two_pages_show_the_same(shown: Shown) -> None:
    pages = [shown.open(), shown.open(viewport=PHONE)]
    for page in pages:
        shown.show(page, update(face()), HAS_TITLE, "#1 happy 65%")
    assert (pixels(pages[0]).shape) == (pixels(pages[1]).shape)


@pytest.mark.usefixtures("without_errors")
def test_a_screen_reader_is_told_who_is_there_when_it_changes(shown: Shown) -> None:
    page = shown.open()
    shown.show(page, update(face()), HAS_TEXT, ["#spoken", "face 1 happy"])
    assert page.get_attribute("#spoken", "aria-live") == "polite"
    shown.show(page, update(face("sad")), HAS_TEXT, ["#spoken", "face 1 sad"])
    label = page.get_attribute("#picture", "aria-label")
    assert label == "The camera's picture: face 1 sad"


#: Of a face that is turned to the left of the picture, and of one that is turned to the right.
TURNED = {
    side: ((230.0, 190.0), (290.0, 190.0), (nose, 220.0), (240.0, 260.0), (280.0, 260.0))
    for side, nose in (("left", 238.0), ("right", 282.0))
}


@pytest.mark.usefixtures("without_errors")
@pytest.mark.parametrize(
    ("landmarks", "facing", "mark", "told", "spoken"),
    [
        (TURNED["left"], True, "◉", r"facing the camera", "face 1 happy facing the camera"),
        (TURNED["left"], False, "←", r"turned \d0° to the left", "face 1 happy turned away"),
        (TURNED["right"], False, "→", r"turned \d0° to the right", "face 1 happy turned away"),
    ],
)
def test_it_is_told_whether_a_face_turns_to_the_camera(
    shown: Shown,
    landmarks: tuple[tuple[float, float], ...],
    facing: bool,
    mark: str,
    told: str,
    spoken: str,
) -> None:
    page, other = shown.open(), shown.open()  # of one canvas much is not to be read twice
    shown.show(other, update(face()), HAS_TITLE, "#1 happy 65%")
    assert not other.is_visible(".turn"), "nothing where it cannot be told"
    before = has_color(pixels(other), "happy")[:148].sum()
    turned = replace(face(), landmarks=landmarks, facing=facing)
    shown.show(page, update(turned), HAS_TEXT, ["#spoken", spoken])
    assert page.text_content("#spoken") == spoken
    assert re.fullmatch(f"{mark} {told}", page.inner_text(".turn"))
    assert page.get_attribute(".turn span", "aria-hidden") == "true"
    assert has_color(pixels(page), "happy")[:148].sum() > before, "a mark on the box's label"


@pytest.mark.usefixtures("without_errors")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_dark_and_light(shown: Shown, scheme: str) -> None:
    page = shown.open(viewport=PHONE, color_scheme=scheme)
    shown.show(page, update(face("contemptuous")), HAS_TITLE, "#1 contemptuous 65%")
    width = page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= PHONE["width"]
    background = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    brightness = int(background.split("(")[1].split(",")[0])
    assert (brightness > 128) is (scheme == "light")
    for button in page.query_selector_all("button"):
        box = button.bounding_box()
        assert box
        assert box["height"] >= 40, "large enough for a finger"


def test_with_a_wrong_token_there_is_only_the_reason(shown: Shown) -> None:
    shown.server.close()
    shown.serve(0, is_open=True, token=TOKEN)
    page = shown.open("/?token=wrong")
    assert "lacks the right token" in page.inner_text("body")
    page = shown.open(f"/?token={TOKEN}")
    shown.show(page, update(face()), HAS_TITLE, "#1 happy 65%")
    shown.server.close()  # the next start has another token
    shown.serve(shown.port, is_open=True)
    page.wait_for_function(HAS_TEXT, arg=["#status", "lacks the right token"])


def test_the_page_weighs_little() -> None:
    assert sum(path.stat().st_size for path in PAGE.iterdir()) <= 60_000


@pytest.mark.usefixtures("without_errors")
def test_many_faces_leave_nothing_behind(shown: Shown) -> None:
    page = shown.open()
    count = "() => document.getElementsByTagName('*').length"
    shown.show(page, update(face()), HAS_TITLE, "#1 happy 65%")
    before = page.evaluate(count)
    for track_id in range(2, 60):
        shown.server.publish("left", update(face(track_id=track_id)))
        time.sleep(0.02)
    shown.show(page, update(face(track_id=99)), HAS_TITLE, "#99 happy 65%")
    assert page.evaluate(count) == before


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(TIMEOUT // 20):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("timed out")
