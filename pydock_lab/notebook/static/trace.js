// A build is gone through step by step, in the order in which the steps began. All states are in the picture: this
// shows one of them, so it works without a kernel as well.
//
//   .pydock-steps[role=toolbar]   first, back, "4 / 17", forward, the whole
//   .pick.now, .pick.later        where one stands, and what has not begun then
//   g.trace-state[data-state]     files and output of one step

// Drawn, for not every font has these signs.
const ICONS = {
  first: "M3 2h2v12h-2zM14 2v12l-8-6z",
  back: "M12 2v12l-9-6z",
  forward: "M4 2v12l9-6z",
  whole: "M11 2h2v12h-2zM2 2v12l8-6z",
};

function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(svg.namespaceURI, "path"));
  svg.firstChild.setAttribute("d", path);
  return svg;
}

function stepping(context) {
  const buttons = {};
  const place = make("span", { class: "pydock-place" });
  let bar, usual, keys = [];

  function toolbar({ frame, word, choose, chosen, signal }) {
    bar = make("div", { class: "pydock-steps", role: "toolbar" });
    const moves = {
      first: () => keys[0],
      back: (at) => keys[at < 0 ? keys.length - 1 : Math.max(at - 1, 0)],
      forward: (at) => (at < 0 ? keys[0] : keys[at + 1] ?? ""),
      whole: () => "",
    };
    for (const [name, move] of Object.entries(moves)) {
      buttons[name] = make("button", { type: "button", [SUPPRESS]: "true" }, icon(ICONS[name]));
      buttons[name].addEventListener("click", () => choose(move(keys.indexOf(chosen())) ?? ""), { signal });
    }
    bar.append(buttons.first, buttons.back, place, buttons.forward, buttons.whole);
    frame.before(bar);
  }

  function onDraw(page) {
    keys = page.items().map((item) => item.dataset.pick);
    usual = page.frame.querySelector(".pick.now")?.dataset.pick;
    if (!bar) toolbar(page);
    bar.hidden = keys.length === 0;
    bar.setAttribute("aria-label", page.word("steps"));
    for (const [name, button] of Object.entries(buttons)) {
      button.setAttribute("aria-label", page.word(`step-${name}`));
      button.title = page.word(`step-${name}`);
    }
  }

  function onMark({ frame, items, word, chosen }) {
    const at = keys.indexOf(chosen());
    const shown = at < 0 ? usual : keys[at];
    for (const [number, item] of items().entries()) {
      item.classList.toggle("now", item.dataset.pick === shown);
      item.classList.toggle("later", at >= 0 && number > at);
    }
    for (const state of frame.querySelectorAll(".trace-state")) {
      if (`step-${state.dataset.state}` === shown) state.removeAttribute("display");
      else state.setAttribute("display", "none");
    }
    place.textContent = at < 0 ? word("all-steps") : word("step-of", { at: at + 1, count: keys.length });
    // Not `disabled`: a button that loses the focus sends a reader back to the top of the page.
    buttons.first.setAttribute("aria-disabled", String(at === 0));
    buttons.back.setAttribute("aria-disabled", String(at === 0));
    buttons.whole.setAttribute("aria-disabled", String(at < 0));
  }

  return picture(context, { onDraw, onMark });
}

export default { render: stepping };
