// Two small things that only JupyterLab itself can do:
//
// - Cells that begin with %%dockerfile, or write one with %%context, are coloured as Dockerfiles. JupyterLab knows that
//   language already; all there is to do is to say so to the cell, again whenever the kernel's answer sets every cell
//   back to Python.
// - In a saved notebook without its kernel a widget says "model not found", although its picture was saved beside it:
//   the picture is put there instead, to be chosen from and stepped through (see saved.js). So it is in a notebook that
//   is not trusted. The notebook itself is not changed.
//
// Written by hand instead of built: JupyterLab loads an extension as a module-federation container, an object with
// init(shared modules) and get(module name). That is little enough to need neither npm nor webpack.
(() => {
  "use strict";
  const NAME = "pydock-lab-highlight";
  const saved = import(new URL("saved.js", document.currentScript.src));
  const LANGUAGES = [
    { starts: /^\s*%%dockerfile\b/, mimeType: "text/x-dockerfile" },
    { starts: /^\s*%%context[^\n]*\bdockerfile(?=\s|$)/i, mimeType: "text/x-dockerfile" },
  ];
  let modules;

  // Of the versions of a package on offer, the one that JupyterLab itself runs on.
  async function shared(name) {
    const versions = Object.values(modules[name] ?? {});
    const version = versions.find((each) => each.loaded) ?? versions[0];
    if (!version) throw new Error(`${NAME}: JupyterLab does not share ${name}`);
    return (await version.get())();
  }

  function colour(model, loaded) {
    let before = null; // what the notebook wanted, for when the magic is deleted again
    const update = async () => {
      await loaded;
      const source = model.sharedModel.getSource();
      const language = LANGUAGES.find(({ starts }) => starts.test(source));
      const ours = LANGUAGES.some(({ mimeType }) => mimeType === model.mimeType);
      if (language && model.mimeType !== language.mimeType) {
        if (!ours) before = model.mimeType;
        model.mimeType = language.mimeType;
      } else if (!language && ours) {
        model.mimeType = before ?? "text/x-ipython";
      }
    };
    model.contentChanged.connect(update);
    model.mimeTypeChanged.connect(update);
    update();
  }

  // The still picture of an output, made anew from its source and its words: nothing else of the HTML gets in.
  function stillPicture(data) {
    const html = [data["text/html"] ?? ""].flat().join("");
    const saved = new DOMParser().parseFromString(html, "text/html").querySelector(".pydock-figure img");
    if (!saved?.src.startsWith("data:image/svg+xml;base64,")) return null;
    const image = document.createElement("img");
    Object.assign(image, { src: saved.src, alt: saved.alt });
    image.style.maxWidth = "100%";
    return image;
  }

  function revive(notebook) {
    for (const { outputArea } of notebook.widgets) {
      outputArea?.widgets.forEach((output, at) => {
        const dead = output.node.querySelector(".jp-OutputArea-output.jupyter-widgets");
        if (!/model not found/i.test(dead?.textContent ?? "")) return;
        const data = outputArea.model.get(at)?.data ?? {};
        const image = stillPicture(data);
        if (image) dead.replaceChildren(image);
        saved.then(({ show }) => show(data, dead)).catch(() => {}); // the still one stays
      });
    }
  }

  // For outputs whose widget is not asked: those of a notebook that is not trusted.
  async function render(rendermime) {
    const { MIME, show } = await saved;
    const { Widget } = await shared("@lumino/widgets");
    class SavedPicture extends Widget {
      async renderModel(bundle) {
        const image = stillPicture(bundle.data);
        if (image) this.node.replaceChildren(image);
        await show(bundle.data, this.node).catch(() => {});
      }
    }
    const factory = { safe: true, mimeTypes: [MIME], createRenderer: () => new SavedPicture() };
    rendermime.addFactory(factory, 10); // after the widget, before the still picture
  }

  function activate(_app, tracker, languages, rendermime) {
    render(rendermime);
    const known = new WeakSet();
    // An editor loads the colours of a language when it first needs them, and the last to arrive stays: were Python's
    // still on their way, they would come after ours.
    const wanted = ["text/x-ipython", ...LANGUAGES.map(({ mimeType }) => mimeType)];
    const loaded = Promise.all(wanted.map((mimeType) => languages.getLanguage(mimeType)));
    const look = (notebook) => {
      for (const { model } of notebook.widgets) {
        if (model?.type !== "code" || known.has(model)) continue;
        known.add(model);
        colour(model, loaded);
      }
    };
    tracker.widgetAdded.connect(async (_tracker, panel) => {
      await panel.revealed;
      look(panel.content);
      panel.content.modelContentChanged.connect(look);
      panel.content.activeCellChanged.connect(look);
      const observer = new MutationObserver(() => revive(panel.content));
      observer.observe(panel.content.node, { childList: true, subtree: true });
      panel.disposed.connect(() => observer.disconnect());
      revive(panel.content);
    });
  }

  (window._JUPYTERLAB ??= {})[NAME] = {
    init: (scope) => { modules = scope; },
    get: async (name) => {
      if (name !== "./extension") throw new Error(`${NAME}: no module ${name}`);
      const { INotebookTracker } = await shared("@jupyterlab/notebook");
      const { IEditorLanguageRegistry } = await shared("@jupyterlab/codemirror");
      const { IRenderMimeRegistry } = await shared("@jupyterlab/rendermime");
      const requires = [INotebookTracker, IEditorLanguageRegistry, IRenderMimeRegistry];
      const plugin = { id: `${NAME}:plugin`, autoStart: true, requires, activate };
      return () => ({ __esModule: true, default: plugin });
    },
  };
})();
