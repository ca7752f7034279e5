// Draws pictures.json as PNG files: node render.mjs FOLDER CHROMIUM
//
// The blocks go through slack-blocks-to-jsx, on this side, into pages without any script; Chromium
// only lays them out and takes the pictures. Nothing is fetched. What is our own work is in
// __main__.py's docstring.

import { readFile, mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const WIDTHS = { phone: 390, desktop: 900 };
const AT_ONCE = 3;
const ZONE = "America/New_York";
const ARGUMENTS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

const LOGO = `data:image/svg+xml,${encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36"><rect width="36" height="36" rx="8"
fill="#1d3557"/><path d="M9 19l6 6 12-14" fill="none" stroke="#fff" stroke-width="4"/></svg>`,
)}`;

process.env.TZ = ZONE; // before any date is made: the renderer writes times in the zone of its reader
const require = createRequire(import.meta.url);
const { createElement } = require("react");
const { renderToStaticMarkup } = require("react-dom/server");
const { Message } = require("slack-blocks-to-jsx");
const { chromium } = require("playwright-core");

const [folder, browserPath] = process.argv.slice(2);
const styles = await styleSheets();

await main();

async function main() {
  const pictures = JSON.parse(await readFile(join(folder, "pictures.json"), "utf-8"));
  await mkdir(join(folder, "pages"), { recursive: true });
  const browser = await chromium.launch({ executablePath: browserPath, args: ARGUMENTS });
  try {
    for (const [name, width] of Object.entries(WIDTHS)) {
      await mkdir(join(folder, name), { recursive: true });
      const context = await browser.newContext({
        viewport: { width, height: 600 },
        deviceScaleFactor: name === "phone" ? 2 : 1,
        offline: true,
      });
      const waiting = [...pictures];
      await Promise.all(Array.from({ length: AT_ONCE }, () => draw(context, name, waiting)));
      await context.close();
    }
  } finally {
    await browser.close();
  }
}

async function draw(context, width, waiting) {
  const tab = await context.newPage();
  for (let picture = waiting.shift(); picture; picture = waiting.shift()) {
    const page = resolve(folder, "pages", `${picture.name}.${width}.html`);
    await writeFile(page, document(picture, width));
    await tab.goto(pathToFileURL(page).href);
    await tab.evaluate("document.fonts.ready");
    await tab.screenshot({ path: join(folder, width, `${picture.name}.png`), fullPage: true });
  }
}

function document(picture, width) {
  const parts = picture.view ? [modal(picture.view)] : message(picture);
  return `<!doctype html><meta charset="utf-8"><title>${picture.name}</title>
<link rel="stylesheet" href="${styles.renderer}"><style>${styles.ours}</style>
<body class="${width}">${parts.join("\n")}</body>`;
}

function message(picture) {
  const shown = picture.blocks ?? [
    { type: "section", text: { type: "mrkdwn", text: picture.text } },
  ];
  const notified = picture.blocks
    ? [`<div class="notification"><b>Countersign</b>${textOf(picture.text)}</div>`]
    : [];
  const drawn = `<div class="message">${blocks(shown)}</div>`;
  return [...notified, drawn, ...confirmations(shown)];
}

// The renderer draws no dialogs and no modals: these frames are ours, what is in them is its own.
function confirmations(shown) {
  const buttons = shown.flatMap((block) => (block.type === "actions" ? block.elements : []));
  return buttons
    .filter((button) => button.confirm)
    .map(({ text, confirm }) => `<p class="then">A click on ${textOf(text.text)} asks:</p>
<div class="dialog"><h2>${textOf(confirm.title.text)}</h2><p>${textOf(confirm.text.text)}</p>
<div class="feet"><span>${textOf(confirm.deny.text)}</span>
<span class="go">${textOf(confirm.confirm.text)}</span></div></div>`);
}

function modal(view) {
  const submit = view.submit ? `<span class="go">${textOf(view.submit.text)}</span>` : "";
  const close = view.close ? `<span>${textOf(view.close.text)}</span>` : "";
  return `<div class="dialog"><h2>${textOf(view.title.text)}</h2>
<div class="message">${blocks(view.blocks)}</div><div class="feet">${close}${submit}</div></div>`;
}

// plain_text is read as markup by the renderer, which Slack never does: it is given words without
// any meaning instead, and the texts are put in their place afterwards. `verbatim` keeps Slack from
// making links of what looks like one; the renderer drops all markup for it, so it does not see it.
function blocks(shown) {
  const texts = [];
  const held = (part) => {
    if (Array.isArray(part)) return part.map(held);
    if (part === null || typeof part !== "object") return part;
    if (part.type === "input" && part.optional) {
      const label = { ...part.label, text: `${part.label.text} (optional)` };
      return held({ ...part, label, optional: false });
    }
    const copy = Object.fromEntries(Object.entries(part).map(([key, each]) => [key, held(each)]));
    if (part.type === "plain_text") copy.text = `qPLAINq${texts.push(part.text) - 1}q`;
    delete copy.verbatim;
    return copy;
  };
  const sent = { blocks: held(shown), name: "Countersign", logo: LOGO, time: new Date(0) };
  const html = renderToStaticMarkup(createElement(Message, sent));
  return html.replace(/qPLAINq(\d+)q/g, (_, number) => textOf(texts[Number(number)]));
}

// Texts come escaped as Slack wants them, which is how HTML wants them too.
function textOf(text) {
  return text.replaceAll('"', "&quot;").replaceAll("\n", "<br>");
}

async function styleSheets() {
  const file = (name) => require.resolve(name);
  const lato = (weight, style) => `@font-face { font-family: Lato; font-weight: ${weight};
font-style: ${style}; src: url("${pathToFileURL(
    file(`@fontsource/lato/files/lato-latin-${weight}-${style}.woff2`),
  ).href}"); }`;
  const fonts = [lato(400, "normal"), lato(400, "italic"), lato(700, "normal"), lato(900, "normal")];
  const look = await readFile(new URL("look.css", import.meta.url), "utf-8");
  return {
    renderer: pathToFileURL(file("slack-blocks-to-jsx/dist/style.css")).href,
    ours: `${fonts.join("\n")}\n${look}`,
  };
}
