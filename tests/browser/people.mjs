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

/** Makes every click wait until the page that it leads to has loaded, and keeps the markup of the page as it was sent. */
function settling(page) {
  let begun = 0;
  let under_way = 0;
  page.on('response', async (answer) => {
    if (!answer.request().isNavigationRequest() || answer.status() >= 300 && answer.status() < 400) return;
    const html = await answer.text().catch(() => null);
    if (html) page.sent = { url: answer.url(), html };
  });
  page.on('request', (request) => {
    if (!request.isNavigationRequest()) return;
    begun += 1;
    under_way += 1;
  });
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => { if (request.isNavigationRequest()) under_way -= 1; });
  page.settled = async () => {
    await page.waitForTimeout(25);
    while (under_way > 0) await page.waitForTimeout(10);
    await page.waitForLoadState('load');
  };
  // On a busy machine a browser asks for the next page long after the click or key that leads to it.
  page.followed = async (element, act) => {
    const before = begun;
    const leads = await element.evaluate(leadsElsewhere);
    await act();
    for (let waited = 0; leads && begun === before && waited < 5000; waited += 10) await page.waitForTimeout(10);
    await page.settled();
  };
  const locator = Object.getPrototypeOf(page.locator('main'));
  locator.pressed ??= locator.click;
  locator.click = async function click(...args) {
    const to = this.page();
    if (to.followed) await to.followed(this, () => this.pressed(...args));
    else await this.pressed(...args);
  };
}

/** Whether another page follows when somebody presses the element: runs in the browser. */
function leadsElsewhere(element) {
  const pressed = element.closest('a[href], button, input[type=submit]');
  if (!pressed) return false;
  if (pressed.matches('a')) return pressed.href.split('#')[0] !== location.href.split('#')[0] && /^http/.test(pressed.href);
  return pressed.type === 'submit' && Boolean(pressed.form) && (pressed.formNoValidate || pressed.form.noValidate || pressed.form.checkValidity());
}

export function must(condition, says) {
  if (!condition) throw new Error(says);
}

/**
 * Fills in and submits the form of an action, by the form's name. The action is the next one of the record, or stands in
 * its menu, or is folded somewhere on the page.
 */
export async function act(page, name, fill) {
  await send(page, name, fill);
  must(await page.locator('.notice.good').count(), `“${name}” was not taken: ${await page.locator('.wrong').allInnerTexts()} at ${page.url()}`);
}

/** The same, for a form that may be refused. */
export async function send(page, name, fill = async () => {}) {
  const form = await opened(page, name);
  await fill(form);
  await form.locator('button:not([type=button])').first().click();
}

/** The form of an action, made visible as a person would. */
export async function opened(page, name) {
  // A name that ends in a hyphen is the beginning of one that ends in an identifier.
  const form = page.locator(`main form:has(input[name=form][value${name.endsWith('-') ? '^' : ''}="${name}"])`).first();
  const link = page.locator(`main a[href*="do=${name}#"], main a[href$="do=${name}"]`).first();
  const wanted = (await form.count()) ? form : link;
  must(await wanted.count(), `“${name}” is not offered at ${page.url()}: ${await page.locator('.next').allInnerTexts()}`);
  const inside = wanted.locator('xpath=ancestor::*[@popover]');
  if ((await inside.count()) && !(await inside.isVisible())) await page.locator(`[popovertarget="${await inside.getAttribute('id')}"]`).click();
  for (const folded of await wanted.locator('xpath=ancestor::details').all()) {
    if (!(await folded.evaluate((details) => details.open))) await folded.locator('summary').first().click();
  }
  if (!(await form.count())) await link.click();
  must(await form.count(), `“${name}” opens its form at ${page.url()}`);
  return form;
}

/** Signs in on the page of a link. Whoever is asked says that they began on the other device. */
export async function signIn(page) {
  for (const began of await page.getByLabel(/that was me/).all()) await began.check();
  await page.getByRole('button', { name: 'Sign in' }).click();
}
