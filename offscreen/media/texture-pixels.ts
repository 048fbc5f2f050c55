/**
 * Pixels of a bitmap that was decoded without multiplying by alpha, read by way of a WebGL texture, which does not multiply either
 * as a 2D canvas does. Undefined where there is no WebGL or the picture is larger than its textures.
 */
export function texturePixels(bitmap: ImageBitmap): ArrayBuffer | undefined {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl', { antialias: false, depth: false });
  if (!gl) return undefined;
  try {
    return readTexture(gl, bitmap);
  } finally {
    // Browsers keep a small number of contexts for all pages together.
    gl.getExtension('WEBGL_lose_context')?.loseContext();
  }
}

function readTexture(gl: WebGLRenderingContext, bitmap: ImageBitmap): ArrayBuffer | undefined {
  const { width, height } = bitmap;
  if (Math.max(width, height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) return undefined;
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  const texture: WebGLTexture | null = gl.getParameter(gl.TEXTURE_BINDING_2D);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  if (gl.checkFramebufferStatus(gl.FRAMEBUFFER) !== gl.FRAMEBUFFER_COMPLETE) return undefined;
  const data = new Uint8Array(width * height * 4);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, data);
  return gl.getError() === gl.NO_ERROR ? data.buffer : undefined;
}
