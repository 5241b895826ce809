// Gives a picture's most frequent colours, at most 128, and for each pixel the nearest of them.
async (encoded) => {
  const image = new Image();
  image.src = `data:image/png;base64,${encoded}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer);
  const times = new Map();
  for (const pixel of pixels) times.set(pixel, (times.get(pixel) ?? 0) + 1);
  const parts = colour => [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
  // Of colours that the eye takes for one, the most frequent speaks for all, so that rare ones find a place.
  const alike = new Map();
  for (const [colour, count] of [...times].sort((a, b) => b[1] - a[1])) {
    const key = parts(colour).map(part => part >> 2).join();
    const known = alike.get(key) ?? {colour, count: 0};
    known.count += count;
    alike.set(key, known);
  }
  const exact = [...times].sort((a, b) => b[1] - a[1]).slice(0, 24).map(([colour]) => colour);
  const usual = [...alike.values()].sort((a, b) => b.count - a.count).map(each => each.colour);
  const chosen = [...new Set([...exact, ...usual])].slice(0, 128).map(parts);
  const nearest = new Map();
  for (const colour of times.keys()) {
    const [r, g, b] = parts(colour);
    let best = 0, least = Infinity;
    chosen.forEach(([x, y, z], at) => {
      const far = 2 * (r - x) ** 2 + 4 * (g - y) ** 2 + 3 * (b - z) ** 2;
      if (far < least) [best, least] = [at, far];
    });
    nearest.set(colour, best);
  }
  const indices = Uint8Array.from(pixels, pixel => nearest.get(pixel));
  let text = "";
  for (let at = 0; at < indices.length; at += 32768) text += String.fromCharCode(...indices.subarray(at, at + 32768));
  return {width: image.width, height: image.height, palette: chosen.flat(), pixels: btoa(text)};
}
