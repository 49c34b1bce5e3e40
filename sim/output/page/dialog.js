/** The dialog that shows a session as a scenario file, to be copied or downloaded. */

import { find, write } from "./dom.js";
import { scenarioText } from "./saving.js";

/**
 * Let the button open it, and those in it do what they say.
 * @param {import("./session.js").Session} session
 */
function listenToSaving(session) {
  const dialog = /** @type {HTMLDialogElement} */ (find(document, "#saving"));
  const yaml = /** @type {HTMLTextAreaElement} */ (find(document, "#yaml"));
  const expect = /** @type {HTMLInputElement} */ (find(document, "#expect"));
  const { yaml: parts } = session.source;
  const file = `${parts.name}.yaml`;
  const fillIn = () => {
    yaml.value = scenarioText(session, expect.checked);
    write(find(dialog, "#promised"), session.whole.fingerprint);
  };
  write(find(dialog, "#file"), file);
  write(find(dialog, "#command"), parts.command);
  const beside = find(dialog, "#beside");
  beside.hidden = !parts.data.length;
  write(beside, `Put it into the folder of its data files: ${parts.data.join(", ")}.`);
  expect.onchange = fillIn;
  find(document, "#save").onclick = () => {
    fillIn();
    dialog.showModal();
  };
  find(dialog, "#close").onclick = () => dialog.close();
  find(dialog, "#copy").onclick = () => {
    yaml.select();
    document.execCommand("copy"); // also where a page from a file may not use the newer way
  };
  find(dialog, "#download").onclick = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([yaml.value], { type: "application/yaml" }));
    link.download = file;
    link.click();
    URL.revokeObjectURL(link.href);
  };
}

export { listenToSaving };
