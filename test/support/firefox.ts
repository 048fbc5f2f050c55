import { type Browser, launch } from 'puppeteer-core';
import { ensureBrowser } from '../../scripts/browsers/ensure.ts';

/**
 * An unpatched Firefox over WebDriver BiDi, with WebGPU switched on and, on a machine without a graphics card, on
 * Mesa's software Vulkan driver.
 */
export async function launchFirefox(): Promise<Browser> {
  const { path } = await ensureBrowser('firefox');
  return launch({
    browser: 'firefox',
    executablePath: path,
    headless: true,
    extraPrefsFirefox: {
      'dom.webgpu.enabled': true,
      'gfx.webgpu.ignore-blocklist': true,
      // Nothing outside this machine is to be reached by a test.
      'network.captive-portal-service.enabled': false,
      'network.connectivity-service.enabled': false,
      'app.update.enabled': false,
      'browser.safebrowsing.downloads.remote.enabled': false,
      'services.settings.server': 'data:,',
    },
  });
}
