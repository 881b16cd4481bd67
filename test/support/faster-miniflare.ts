// Loads Miniflare with a faster way to write its configuration: the buffer has 4 MiB and grows by as much, where Miniflare
// begins with 4 KiB, adds 4 KiB and copies all that is there, hundreds of times. Starting a Worker takes a third of a second
// of CPU less.
import { registerHooks } from "node:module";

const sizes = ["DEFAULT_BUFFER_SIZE = 4096;", "MIN_SINGLE_SEGMENT_GROWTH = 4096;"];

registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context);
    if (!url.endsWith("/miniflare/dist/src/index.js") || loaded.source == null) return loaded;
    const larger = (source: string, size: string) => source.replace(size, size.replace("4096", "4 * 1024 * 1024"));
    return { ...loaded, source: sizes.reduce(larger, String(loaded.source)) };
  },
});
