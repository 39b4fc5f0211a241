// People of the demo: each is chosen on the page /demo, in a separate browser context.

import fs from 'node:fs';
import { chromium } from 'playwright-core';

/** Starts Chromium without the features that use the network in the background. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

export class People {
  constructor(browser, base, scripts) {
    Object.assign(this, { browser, base, scripts, known: {} });
  }

  /** A fresh browser context. */
  async stranger(options = {}) {
    const context = await this.browser.newContext({ baseURL: this.base, javaScriptEnabled: this.scripts, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(15000);
    settling(page);
    return page;
  }

  /** A person of the demo, signed in. */
  async of(name) {
    if (!this.known[name]) {
      const page = await this.stranger();
      await page.goto('/demo');
      await page.getByRole('button', { name: `Become ${name}` }).click();
      this.known[name] = page;
    }
    return this.known[name];
  }
}

/** Makes every click wait until the page that it leads to has loaded. */
function settling(page) {
  let under_way = 0;
  page.on('request', (request) => { if (request.isNavigationRequest()) under_way += 1; });
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => { if (request.isNavigationRequest()) under_way -= 1; });
  page.settled = async () => {
    await page.waitForTimeout(25);
    while (under_way > 0) await page.waitForTimeout(10);
    await page.waitForLoadState('load');
  };
  const locator = Object.getPrototypeOf(page.locator('main'));
  locator.pressed ??= locator.click;
  locator.click = async function click(...args) {
    await this.pressed(...args);
    await this.page().settled?.();
  };
}

export function must(condition, says) {
  if (!condition) throw new Error(says);
}

/** Opens an action of the desk and submits its form. */
export async function act(page, title, fill = async () => {}, button = title) {
  const folded = page.locator('details', { has: page.getByText(title, { exact: true }) }).first();
  const scope = (await folded.count()) ? folded : page.locator('.act', { has: page.getByRole('heading', { name: title }) }).first();
  if (await folded.count()) await folded.locator('summary').click();
  await fill(scope);
  await scope.getByRole('button', { name: button }).click();
  const notice = page.locator('.govuk-notification-banner');
  must(await notice.count(), `“${title}” was not taken: ${await page.locator('.govuk-error-summary').allInnerTexts()} at ${page.url()}`);
}
