"""The widgets in JupyterLab: mouse, keyboard, screen reader, themes, languages; and Python hears of it."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser

WIDGETS = {
    "layers": ("layers.Layers(views.SHOP)", "layer-5"),
    "opened-layers": ("(lambda found: layers.Layers(found.view(), explorer=found))(opened.explorer())", "layer-4"),
    "instances": ("instances.LiveInstances(views.INSTANCES)", "container-659a7fb2af47"),
    "connected": ("instances.LiveInstances(connected.CONNECTED)", "network-back"),
    "tags": ("tags.Tags(views.REGISTRY)", "manifest-0-0"),
    "doctor": ("doctor.Facets(views.DOCTOR)", "facet-2"),
    "trace": ("trace.Trace(traces.TRACE)", "step-9"),
    "start": ("trace.Trace(starts.START)", "step-3"),
    "namespaces": ("sides.Sides(both_sides.SIDES)", "namespace-2"),
    "pull": ("trace.Trace(transfers.PULL)", "step-3"),
    "story": ("tags.Story(transfers.STORY)", "state-1"),
    "argv": ("argument_vector.Argv(arguments.PLAIN)", "cmd"),
    "explained": ("explained.Explained(builds.EXPLAINED)", "explained-4"),
    "guess": ("guessing.Guessing(builds.QUESTION)", "guess-4"),
    "images": ("image_tree.Forest(forest.FOREST)", "image-2"),
    "beside": ("shared_layers.Beside(beside.BESIDE)", "second-3"),
    "weight": ("weighed.WeighedImage(weights.WEIGHT)", "weight-1"),
    "context-tree": ("context_tree.ContextPicture(context_trees.TREE)", "file-src/app.py"),
    "context-weight": ("weighed.WeighedContext(weights.CONTEXT)", "part-2-0"),
    "what-if": ("edits.Edits(weights.WHAT_IF)", "proposal-2"),
}
Opener = Callable[[str, str], Any]
# The texts that reach beyond their picture, and how much wider than the picture its frame is.
CUT = """(frame) => {
    const svg = frame.querySelector("svg");
    const wide = svg.viewBox.baseVal.width;
    const texts = [...svg.querySelectorAll("text")].filter((text) => text.getClientRects().length);
    const cut = texts.filter((text) => { const { x, width } = text.getBBox(); return x < 0 || x + width > wide; });
    return [cut.map((text) => text.textContent), frame.clientWidth + 1 - svg.getBoundingClientRect().width];
}"""


@pytest.mark.parametrize("name", WIDGETS)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_axe_finds_nothing_in_both_themes(open_picture: Opener, name: str, language: str) -> None:
    expression, key = WIDGETS[name]
    notebook = open_picture(expression, language)
    notebook.page.locator(f"[data-pick='{key}']").click()
    notebook.page.locator(".pydock-facts").first.wait_for()
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        notebook.theme(theme)
        notebook.page.wait_for_timeout(300)
        notebook.shot(f"{name}-{language}-{theme.split()[1].lower()}")
        assert notebook.axe(".pydock") == []


def test_a_click_reaches_python_and_shows_what_is_behind(open_picture: Opener) -> None:
    notebook = open_picture(WIDGETS["layers"][0], "en")
    notebook.page.locator("[data-pick='layer-5']").click()
    notebook.until("w.selected", "'layer-5'")
    assert notebook.value("w.layer.instruction") == "'RUN rm -r /usr/share/doc'"
    panel = notebook.page.locator(".pydock-panel").inner_text()
    assert "6. RUN rm -r /usr/share/doc" in panel
    assert "/usr/share/doc" in notebook.page.locator(".pydock-deleted").inner_text()
    assert "docker history --no-trunc shop:1.2" in panel


@pytest.mark.parametrize("name", WIDGETS)
def test_the_keyboard_goes_through_all_parts_and_keeps_the_focus(open_picture: Opener, name: str) -> None:
    """In both languages, and from one to the other."""
    notebook = open_picture(WIDGETS[name][0], "en")
    notebook.page.locator(".picks").focus()
    for language in ("en", "fr"):
        notebook.value(f"setattr(w, 'language', {language!r})")
        notebook.page.locator(f".pydock[lang={language}] .picks").wait_for()
        keys = notebook.page.locator(".pick").evaluate_all("picks => picks.map(pick => pick.dataset.pick)")
        chosen = "document.querySelector('.pick.selected')?.dataset.pick"
        for key, wanted in [("Home", 0), ("ArrowDown", 1), ("End", -1), ("ArrowUp", -2)]:
            notebook.page.keyboard.press(key)
            assert notebook.page.evaluate(chosen) == keys[wanted]
            assert notebook.page.evaluate("document.activeElement.classList.contains('picks')")
        active = "document.activeElement.getAttribute('aria-activedescendant')"
        assert notebook.page.evaluate(f"document.getElementById({active}).dataset.pick") == keys[-2]
        notebook.page.keyboard.press("Escape")
        assert notebook.page.evaluate(chosen) is None
        notebook.until("w.selected", "''")


def test_every_part_has_something_behind_it(open_picture: Opener) -> None:
    notebook = open_picture(WIDGETS["tags"][0], "en")
    notebook.page.locator(".picks").focus()
    count = notebook.page.locator(".pick").count()
    for _ in range(count):
        notebook.page.keyboard.press("ArrowDown")
        assert notebook.page.locator(".pydock-title").inner_text()


def test_keys_do_not_reach_the_notebook(open_picture: Opener) -> None:
    notebook = open_picture(WIDGETS["layers"][0], "en")
    notebook.page.locator("[data-pick='layer-5']").click()
    before = notebook.cell_count()
    for target in (".picks", ".pydock-files", ".pydock-command button"):
        notebook.page.locator(target).focus()
        for key in "abddm":
            notebook.page.keyboard.press(key)
    notebook.page.wait_for_timeout(300)
    assert notebook.cell_count() == before


def test_python_selects_and_redraws_and_the_focus_stays(open_picture: Opener) -> None:
    notebook = open_picture(WIDGETS["layers"][0], "en")
    notebook.page.locator(".picks").focus()
    notebook.value("setattr(w, 'selected', 'layer-3')")
    notebook.page.locator("[data-pick='layer-3'].selected").wait_for()
    notebook.value("setattr(w, 'language', 'fr')")
    notebook.page.locator(".pydock[lang=fr] [data-pick='layer-3'].selected").wait_for()
    assert "du cache" in notebook.page.locator(".pydock-picture svg").text_content()
    assert notebook.page.evaluate("document.activeElement.classList.contains('picks')")


def test_a_picture_that_is_drawn_anew_under_the_pointer_loses_no_click(open_picture: Opener) -> None:
    notebook = open_picture(WIDGETS["layers"][0], "en")
    notebook.page.locator("[data-pick='layer-3']").hover()
    notebook.page.mouse.down()
    notebook.value("setattr(w, 'language', 'fr')")
    notebook.page.locator(".pydock[lang=fr] [data-pick='layer-3']").wait_for()
    notebook.page.mouse.up()
    notebook.page.locator("[data-pick='layer-3'].selected").wait_for()


def test_the_command_is_copied(open_picture: Opener) -> None:
    notebook = open_picture(WIDGETS["instances"][0], "en")
    notebook.page.locator("[data-pick^='container-']").first.click()
    notebook.page.locator(".pydock-command button").click()
    said = notebook.page.locator(".pydock-status")
    said.get_by_text("docker diff web1").wait_for()
    assert notebook.value("w.container.name") == "'web1'"


def test_a_step_shows_both_of_its_keys(open_picture: Opener) -> None:
    notebook = open_picture(WIDGETS["explained"][0], "en")
    notebook.page.locator("[data-pick='explained-7']").click()
    assert notebook.value("w.step.text") == "'RUN echo two > /version'"
    folded = notebook.page.locator(".pydock-folded")
    assert folded.count() == 3
    assert not folded.nth(1).locator("pre").is_visible()
    for at, word in [(0, "echo one"), (1, "echo two"), (2, "hashlib.sha256(")]:
        folded.nth(at).locator("summary").click()
        assert word in folded.nth(at).locator("pre").inner_text()
    notebook.shot("explained-keys")
    assert notebook.axe(".pydock") == []


@pytest.mark.parametrize("name", ["what-if", "weight"])
def test_facts_stand_beside_their_labels(open_picture: Opener, name: str) -> None:
    notebook = open_picture(WIDGETS[name][0], "fr")
    notebook.page.locator(f"[data-pick='{WIDGETS[name][1]}']").click()
    pairs = notebook.page.locator(".pydock-facts").first.evaluate(
        "list => [...list.querySelectorAll('dt')].map(dt => [dt, dt.nextElementSibling].map("
        "(one) => { const box = one.getBoundingClientRect(); return [box.left, box.top]; }))"
    )
    assert all(value[1] == label[1] and value[0] > label[0] for label, value in pairs)
    assert len({label[0] for label, _ in pairs}) == len({value[0] for _, value in pairs}) == 1


def test_a_layer_lights_up_wherever_it_is(open_picture: Opener) -> None:
    notebook = open_picture(WIDGETS["tags"][0], "en")
    notebook.page.locator(".chip").first.hover()
    assert notebook.page.locator(".chip.same").count() == 3
    assert "3 times" in notebook.page.locator(".pydock-status").inner_text()


@pytest.mark.parametrize("name", WIDGETS)
def test_at_three_widths_nothing_is_cut(open_picture: Opener, name: str) -> None:
    """The picture is laid out for the page, and the table of widths holds for a real browser and its fonts."""
    notebook = open_picture(WIDGETS[name][0], "fr")
    for width, is_narrower in [(940, "> 600"), (1280, "< 601"), (1920, "< 1000")]:
        notebook.page.set_viewport_size({"width": width, "height": 1100})
        before = f"() => !(document.querySelector('.pydock-picture svg').width.baseVal.value {is_narrower})"
        notebook.page.wait_for_function(before)
        notebook.page.wait_for_timeout(250)
        notebook.shot(f"{name}-{width}")
        cut, room = notebook.page.locator(".pydock-picture").evaluate(CUT)
        assert cut == []
        assert room >= 0


def test_what_is_new_is_called_attention_to_once(open_picture: Opener) -> None:
    notebook = open_picture("instances.LiveInstances(views.INSTANCES)", "en")
    marks = notebook.page.locator("[data-fresh]")
    moving = "document.getAnimations().filter(one => one.animationName === 'pydock-pulse').length"
    assert marks.count() == 0
    notebook.value("setattr(w, 'view', connected.CONNECTED)")
    marks.first.wait_for()
    assert notebook.page.locator("[data-fresh].pulse").count() == marks.count() == 2
    assert notebook.page.evaluate(moving) == 2
    notebook.value("setattr(w, 'language', 'fr')")
    notebook.page.locator(".pydock[lang=fr]").wait_for()
    assert (notebook.page.locator("[data-fresh].pulse").count(), marks.count()) == (0, 2)
    notebook.page.emulate_media(reduced_motion="reduce")
    notebook.value("setattr(w, 'view', views.INSTANCES)")
    marks.first.wait_for(state="detached")
    notebook.value("setattr(w, 'view', connected.CONNECTED)")
    marks.first.wait_for()
    assert notebook.page.evaluate(moving) == 0
    notebook.page.emulate_media(reduced_motion="no-preference")


@pytest.mark.parametrize(
    ("key", "title", "command"),
    [
        ("file-146d3146edc9-0", "/srv/app.py", "docker diff api"),
        ("container-146d3146edc9", "api", "docker diff"),
        ("network-back", "back", "docker network inspect back"),
        ("volume-uploads", "uploads", "docker volume ls --filter name=uploads"),
        ("event-3", "essai ended with 137", "docker events --since 2026-"),
    ],
)
def test_each_part_around_a_container_can_be_chosen(open_picture: Opener, key: str, title: str, command: str) -> None:
    notebook = open_picture(WIDGETS["connected"][0], "en")
    place = notebook.page.locator(f"[data-pick='{key}'] > text").first
    place.click()
    notebook.until("w.selected", repr(key))
    assert notebook.page.locator(".pydock-title").inner_text() == title
    assert command in notebook.page.locator(".pydock-command").inner_text()
