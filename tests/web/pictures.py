"""Pictures of pages, small enough to be kept in the repository: PNG of at most 256 colors."""

import base64
import struct
import zlib
from pathlib import Path

from playwright.sync_api import Error, Page

_TRIES = 4
_TALLEST = 2000
_COLORS = 256

# Draws a PNG and gives its pixels as numbers of a palette. Exact where there are few enough colors;
# else the lowest bits go first, and then each rare color becomes the nearest frequent one.
_REDUCE = """
async ([png, most]) => {
  const bytes = Uint8Array.from(atob(png), (c) => c.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], {type: "image/png"}));
  const canvas = new OffscreenCanvas(image.width, image.height);
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const data = pen.getImageData(0, 0, image.width, image.height).data;
  const size = image.width * image.height;
  const colors = new Uint32Array(size);
  const count = (mask) => {
    const seen = new Map();
    for (let i = 0; i < size; i++) {
      const [red, green, blue] = [0, 1, 2].map((part) => data[4 * i + part] & mask);
      const color = (red << 16) | (green << 8) | blue;
      colors[i] = color;
      seen.set(color, (seen.get(color) || 0) + 1);
    }
    return seen;
  };
  let seen = count(0xff);
  if (seen.size > most) seen = count(0xfc);
  const ranked = [...seen.keys()].sort((a, b) => seen.get(b) - seen.get(a));
  const palette = ranked.slice(0, most);
  const number = new Map(palette.map((color, n) => [color, n]));
  const part = (color, shift) => (color >> shift) & 255;
  const far = (a, b) => [16, 8, 0].reduce((sum, s) => sum + (part(a, s) - part(b, s)) ** 2, 0);
  for (const color of ranked.slice(most)) {
    let best = 0;
    palette.forEach((known, n) => { if (far(known, color) < far(palette[best], color)) best = n; });
    number.set(color, best);
  }
  let text = "";
  for (let i = 0; i < size; i++) text += String.fromCharCode(number.get(colors[i]));
  return [image.width, image.height, palette, btoa(text)];
}
"""


def take(page: Page, path: Path) -> int:
    """Write a picture of the whole page, to a limit of height; its size in bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_smaller(page, _capture(page)))
    return path.stat().st_size


def _capture(page: Page) -> bytes:
    """Chromium is now and then unable to, and able the next moment."""
    width, height = page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
    part = {"x": 0, "y": 0, "width": width, "height": min(height, _TALLEST)}
    for _ in range(_TRIES - 1):
        try:
            return page.screenshot(full_page=True, clip=part, animations="disabled", caret="hide")
        except Error as error:
            if "Unable to capture screenshot" not in error.message:
                raise
            page.wait_for_timeout(300)
    return page.screenshot(full_page=True, clip=part, animations="disabled", caret="hide")


def _smaller(page: Page, png: bytes) -> bytes:
    browser = page.context.browser
    assert browser is not None
    with browser.new_context() as context:
        sheet = context.new_page()
        arguments = [base64.b64encode(png).decode(), _COLORS]
        width, height, palette, text = sheet.evaluate(_REDUCE, arguments)
    pixels = base64.b64decode(text)
    rows = b"".join(b"\0" + pixels[y * width : (y + 1) * width] for y in range(height))
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", b"".join(color.to_bytes(3) for color in palette)),
            _chunk(b"IDAT", zlib.compress(rows, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
