// A terminal in the cell. The emulator (xterm.js) comes with the model, from Python: nothing is fetched from elsewhere.
// Where it is not in the installation, what the program writes is shown as lines, and a line is typed at a time.
//
//   .pydock-terminal
//     .pydock-screen    xterm.js, as high as it is drawn            or .pydock-lines (pre), .pydock-typing (input)
//     .pydock-status    role=status: how to get out, how it ended

const LOADED = Symbol.for("pydock_lab.xterm"); // one emulator for all terminals of a page
let views = 0;

// The modules of the emulator, or null where they are not there or the page's policy lets none be loaded.
async function load(sources) {
  if (sources.length === 0) return null;
  const urls = sources.map((source) => URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  try {
    const [xterm, fit] = await Promise.all(urls.map((url) => import(/* @vite-ignore */ url)));
    return { Terminal: xterm.Terminal, FitAddon: fit.FitAddon };
  } catch {
    return null;
  } finally {
    urls.forEach((url) => URL.revokeObjectURL(url));
  }
}

// What the page looks like: a terminal in a dark notebook is dark.
function theme(node) {
  const style = getComputedStyle(node);
  const of = (name) => style.getPropertyValue(name).trim();
  const [paper, ink, focus] = [of("--pd-paper") || "#ffffff", of("--pd-ink") || "#1a1a1a", of("--pd-focus") || "#1a73e8"];
  return {
    background: paper, foreground: ink, cursor: ink, cursorAccent: paper,
    selectionBackground: focus, selectionForeground: paper, selectionInactiveBackground: of("--pd-rule") || "#d0d0d0",
  };
}

// Calls back when the page's theme changes; gives what ends that.
function onTheme(call) {
  const observer = new MutationObserver(call);
  for (const node of [document.documentElement, document.body]) {
    observer.observe(node, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-theme", "class"] });
  }
  return () => observer.disconnect();
}

function emulated({ Terminal, FitAddon }, { screen, send, word, columns, lines }) {
  const style = getComputedStyle(screen);
  const terminal = new Terminal({
    cols: columns, rows: lines, cursorBlink: true, scrollback: 5000, minimumContrastRatio: 4.5, theme: theme(screen),
    fontFamily: style.getPropertyValue("--jp-code-font-family").trim() || "ui-monospace, Menlo, Consolas, monospace",
    fontSize: parseInt(style.getPropertyValue("--jp-code-font-size"), 10) || 13,
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(screen);
  terminal.textarea.setAttribute(SUPPRESS, "true");
  terminal.textarea.setAttribute("aria-label", word("terminal-label"));
  terminal.onData((text) => send({ type: "typed", text }));
  terminal.onResize(({ cols, rows }) => send({ type: "size", columns: cols, lines: rows }));
  terminal.attachCustomKeyEventHandler((event) => {
    const key = event.key.toLowerCase();
    if (event.type !== "keydown") return true;
    // As in JupyterLab's own terminal: with something selected Ctrl+C copies it, Ctrl+V is the browser's.
    if (event.ctrlKey && !event.altKey && key === "c" && terminal.hasSelection()) {
      copy(terminal.getSelection());
      terminal.clearSelection();
      event.preventDefault();
      return false;
    }
    if (event.ctrlKey && !event.altKey && key === "v") return false;
    if (event.shiftKey && key === "escape") { // a way out for who has no mouse: Tab is the program's
      terminal.blur();
      (screen.closest(".jp-Cell, .cell") ?? screen.parentElement).focus?.();
      return false;
    }
    return true;
  });
  const resized = new ResizeObserver(() => {
    if (screen.clientWidth > 40 && screen.clientHeight > 20) fit.fit(); // not while it is out of sight
  });
  resized.observe(screen);
  const unthemed = onTheme(() => requestAnimationFrame(() => { terminal.options.theme = theme(screen); }));
  return {
    write: (bytes) => terminal.write(bytes),
    clear: () => terminal.reset(),
    size: () => { fit.fit(); send({ type: "size", columns: terminal.cols, lines: terminal.rows }); },
    over: () => { terminal.options.disableStdin = true; terminal.options.cursorBlink = false; },
    close: () => { resized.disconnect(); unthemed(); terminal.dispose(); },
  };
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // no clipboard without https or permission
    const area = make("textarea", { [SUPPRESS]: "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

// Without the emulator: lines, with what a terminal would do left out.
function plain({ screen, send, word }) {
  const shown = make("pre", { class: "pydock-lines", tabindex: "0", "aria-label": word("terminal-label"), "aria-live": "polite", [SUPPRESS]: "true" });
  const field = make("input", { type: "text", "aria-label": word("terminal-line"), placeholder: word("terminal-line"), autocomplete: "off", spellcheck: "false", [SUPPRESS]: "true" });
  const note = make("p", { class: "pydock-plain", text: word("terminal-plain") });
  const typing = make("form", { class: "pydock-typing" }, field);
  for (const [label, text] of [["Ctrl+C", "\x03"], ["Ctrl+D", "\x04"]]) {
    const button = make("button", { type: "button", text: label, [SUPPRESS]: "true" });
    button.addEventListener("click", () => send({ type: "typed", text }));
    typing.append(button);
  }
  typing.addEventListener("submit", (event) => {
    event.preventDefault();
    send({ type: "typed", text: `${field.value}\r` });
    field.value = "";
  });
  screen.append(note, shown, typing);
  let decoder = new TextDecoder(), text = "";
  return {
    write: (bytes) => {
      text = (text + decoder.decode(bytes, { stream: true })).slice(-100000);
      shown.textContent = text
        .replace(/\x1b\[[0-9;?]*[ -\/]*[@-~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\x1b[@-Z\\-_]|\x07/g, "")
        .replace(/[^\n]\x08/g, "").replace(/\r+\n/g, "\n").replace(/[^\n]*\r(?!\n)/g, "");
      shown.scrollTop = shown.scrollHeight;
    },
    clear: () => { decoder = new TextDecoder(); text = ""; shown.textContent = ""; },
    size: () => {},
    over: () => { for (const each of typing.elements) each.disabled = true; },
    close: () => {},
  };
}

async function render({ model, el, signal }) {
  const view = `${Date.now()}-${++views}`;
  const word = (name) => model.get("words")[model.get("language")]?.[name] ?? "";
  let isLost = false; // its kernel has ended: nobody hears what is typed
  const send = (message) => {
    if (isLost) return;
    try {
      model.send(message);
    } catch {
      isLost = true;
      tell();
    }
  };
  const screen = make("div", { class: "pydock-screen" });
  const status = make("div", { class: "pydock-status", role: "status" });
  el.append(make("div", { class: "pydock-terminal pd-host", lang: model.get("language") }, screen, status));
  // What is typed is the program's alone: no notebook is to see it as a command.
  for (const kind of ["keydown", "keyup", "keypress", "paste"]) screen.addEventListener(kind, (event) => event.stopPropagation());

  const heard = []; // while the emulator is being loaded
  let terminal = null;
  const listen = (message, [bytes] = []) => {
    if (!terminal) heard.push([message, [bytes]]);
    else if (message.type === "output") terminal.write(content(bytes));
    else if (message.type === "shown" && message.view === view) { terminal.clear(); terminal.write(content(bytes)); }
  };
  model.on("msg:custom", listen);
  const modules = await (globalThis[LOADED] ??= load(model.get("modules")));
  if (signal?.aborted) {
    model.off("msg:custom", listen);
    return;
  }
  const means = { screen, send, word, columns: model.get("columns"), lines: model.get("lines") };
  terminal = modules ? emulated(modules, means) : plain(means);
  heard.splice(0).forEach(([message, buffers]) => listen(message, buffers));

  const tell = () => {
    const runs = model.get("runs");
    const now = !runs ? model.get("told") : isLost ? word("terminal-lost") : modules ? word("terminal-out") : "";
    status.textContent = [now, model.get("isolation")].filter(Boolean).join(" · ");
    if (!runs || isLost) terminal.over();
  };
  const look = () => send({ type: "here" }); // the page is told of a kernel that goes before somebody types
  model.on("change:runs change:isolation", tell);
  model.on("comm_live_update", look);
  tell();
  send({ type: "hello", view });
  requestAnimationFrame(() => { if (!signal?.aborted) terminal.size(); });
  return () => {
    model.off("msg:custom", listen);
    model.off("change:runs change:isolation", tell);
    model.off("comm_live_update", look);
    terminal.close();
  };
}

function content(bytes) {
  return bytes instanceof DataView ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes);
}

export default { render };
