import sharp from "sharp";

/** PNG of an SVG drawing. @param scale pixels per unit of the drawing. */
export async function rasterizeSvg(svg: string, scale = 1): Promise<Uint8Array> {
  return await sharp(Buffer.from(svg), { density: 72 * scale })
    .png()
    .toBuffer();
}
