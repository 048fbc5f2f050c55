/** Keeps every device that the realm opens, so that a test can take one away as a driver reset would. */
const devices: GPUDevice[] = [];
Object.assign(globalThis, { testDevices: devices });

if ('GPUAdapter' in globalThis) {
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (descriptor) {
    const device = await requestDevice.call(this, descriptor);
    devices.push(device);
    return device;
  };
}
