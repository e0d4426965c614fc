// Work that goes on in the server: shown as it goes, and cancelled.
import { h, t } from "./h.js";
import { api, get, newKey } from "./api.js";

const LOOK_MS = 400;

/** Shows a job by `said` until it has ended; gives the job. */
export async function follow(id, said, title) {
  const bar = h("progress", { max: "1", value: "0", "aria-label": title });
  const cancel = () => api("DELETE", "/api/v1/jobs/" + id, undefined, { key: newKey() })
    .catch(() => {});   // it has ended by itself
  said.say("", h("span.stack", h("span", title), bar,
    h("span", h("button", { type: "button", onclick: cancel }, t("cancel")))));
  for (;;) {
    const job = await get("/api/v1/jobs/" + id);
    bar.max = job.total || 1;
    bar.value = job.done;
    if (!["receiving", "queued", "running"].includes(job.state)) {
      said.clear();
      return job;
    }
    await new Promise((go) => setTimeout(go, LOOK_MS));
  }
}
