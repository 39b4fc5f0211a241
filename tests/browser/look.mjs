// Checks one page in its current state: no finding by axe, no sideways scrolling on a small telephone or at 200 % zoom,
// valid markup. Saves a screenshot at both widths for people to review.

import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { HtmlValidate } from 'html-validate';

const require = createRequire(import.meta.url);
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const markup = new HtmlValidate({
  extends: ['html-validate:recommended'],
  rules: {
    // These two concern style, not validity.
    'no-trailing-whitespace': 'off',
    'void-style': 'off',
    'long-title': 'off',
    'prefer-native-element': 'off',
    'attribute-boolean-style': 'off',
    'doctype-style': 'off',
    'no-inline-style': 'error',
    'form-dup-name': ['error', { shared: ['radio', 'checkbox', 'submit', 'button', 'reset'] }],
    'wcag/h30': 'error',
  },
});

export const DESK = { width: 1280, height: 900 };
export const PHONE = { width: 320, height: 640 };
/** A desktop screen at 200 % zoom has half as many pixels. */
const ZOOMED = { width: 640, height: 450 };

export class Looker {
  constructor(browser, folder) {
    this.browser = browser;
    this.folder = folder;
    this.pages = 0;
    this.faults = [];
    fs.mkdirSync(folder, { recursive: true });
  }

  /** Runs axe on a copy of the page in another browser context, since axe cannot run where scripts are off. */
  async judge(url, html) {
    this.bench ??= await (await this.browser.newContext({ viewport: DESK })).newPage();
    await this.bench.route('**/*', (route) => (route.request().isNavigationRequest() ? route.fulfill({ body: html, contentType: 'text/html; charset=utf-8' }) : route.continue()));
    await this.bench.goto(url);
    await this.bench.evaluate(axe);
    const found = await this.bench.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    await this.bench.unroute('**/*');
    return found;
  }

  async at(page, name) {
    this.pages += 1;
    const said = (fault) => this.faults.push(`${name}: ${fault}`);
    // Ignore style that Playwright adds for the screenshot.
    const html = (await page.content()).replaceAll(' style=""', '');
    for (const [kind, size] of [['zoom', ZOOMED], ['phone', PHONE], ['desk', DESK]]) {
      await page.setViewportSize(size);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (over > 0) said(`scrolls sideways by ${over} px at ${size.width} px`);
      if (kind !== 'zoom') await page.screenshot({ path: path.join(this.folder, `${name}-${kind}.png`), fullPage: true });
    }
    const found = await this.judge(page.url(), html);
    for (const violation of found.violations) {
      said(`axe ${violation.id}: ${violation.nodes.slice(0, 2).map((node) => node.html.slice(0, 160)).join(' | ')}`);
    }
    const report = await markup.validateString(html);
    for (const result of report.results) {
      for (const message of result.messages.slice(0, 5)) said(`markup ${message.ruleId}: ${message.message} (line ${message.line})`);
    }
  }
}
