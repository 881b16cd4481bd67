// Loads Miniflare with a faster way to write its configuration: the buffer grows by 4 MiB at a time, where Miniflare adds
// 4 KiB and copies all that is there, hundreds of times. Starting a Worker takes a third of a second of CPU less.
import { registerHooks } from "node:module";

const growth = "MIN_SINGLE_SEGMENT_GROWTH = 4096;";

registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context);
    if (!url.endsWith("/miniflare/dist/src/index.js") || loaded.source == null) return loaded;
    return { ...loaded, source: String(loaded.source).replace(growth, growth.replace("4096", "4 * 1024 * 1024")) };
  },
});
