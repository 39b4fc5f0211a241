// Checks one page in its current state: no finding by axe, no sideways scrolling on a small telephone or at 200 % zoom,
// valid markup, no identifier among the words, one primary action at most. Saves a screenshot at two widths for review.

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
    'attribute-empty-style': 'off',
    // A list may have a name.
    'aria-label-misuse': ['error', { allowAnyNamable: true }],
    'doctype-style': 'off',
    'no-inline-style': 'error',
    'form-dup-name': ['error', { shared: ['radio', 'checkbox', 'submit', 'button', 'reset'] }],
    'wcag/h30': 'error',
    // A button that phones someone has a name on it, not a number.
    'tel-non-breaking': ['error', { ignoreClasses: ['btn'] }],
  },
});

export const DESK = { width: 1280, height: 900 };
/** The narrowest telephone, on which nothing may scroll sideways. */
const NARROW = { width: 320, height: 640 };
export const PHONE = { width: 375, height: 760 };
/** A desktop screen at 200 % zoom has half as many pixels. */
const ZOOMED = { width: 640, height: 450 };

/** Identifiers and words of programs, which nobody should have to read. */
const IDENTIFIER = /[0-9a-f]{8}-[0-9a-f]{4}-\S*|\([0-9a-f]{12}\)|\b[a-z]+(?:_[a-z]+)+\b(?!\.)|\bmissing field\b|\bNone\(|\bSome\(|\b\d{4}-\d\d-\d\d(?:T\S*)?/i;
/** Words that docs/words.md replaced. */
const OLD_WORDS = /\be-mail|\bhand(?:ed|s)? (?:it )?in\b|\bkey(?:ed)? in\b|\bevery?body\b|\bsomebody\b|\bclawback|\bgoverning document|\bgive back\b/i;
/** Pages for those who check the proof or connect another program, where identifiers are the matter itself. */
const PROOF = /^\/(desk\/(log|webhooks|import|open-data|texts|settings)|demo|mails|account)/;

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
    const violations = await this.bench.evaluate(async () => (await window.axe.run(document, { resultTypes: ['violations'] })).violations);
    // Colours once more in the dark, and everything once more as on a telephone, where tables are stacked.
    await this.bench.emulateMedia({ colorScheme: 'dark' });
    violations.push(...(await this.bench.evaluate(async () => (await window.axe.run(document, { runOnly: ['color-contrast'] })).violations)));
    await this.bench.emulateMedia({ colorScheme: 'light' });
    await this.bench.setViewportSize(PHONE);
    violations.push(...(await this.bench.evaluate(async () => (await window.axe.run(document, { resultTypes: ['violations'] })).violations)));
    await this.bench.setViewportSize(DESK);
    await this.bench.unroute('**/*');
    return violations;
  }

  async at(page, name) {
    this.pages += 1;
    const said = (fault) => this.faults.push(`${name}: ${fault}`);
    // Ignore style that Playwright adds for the screenshot.
    const html = (await page.content()).replaceAll(' style=""', '');
    for (const [kind, size] of [['zoom', ZOOMED], ['narrow', NARROW], ['phone', PHONE], ['desk', DESK]]) {
      await page.setViewportSize(size);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (over > 0) said(`scrolls sideways by ${over} px at ${size.width} px`);
      if (kind === 'phone' || kind === 'desk') await page.screenshot({ path: path.join(this.folder, `${name}-${kind}.png`), fullPage: true });
    }
    const words = await page.locator('body').innerText();
    if (!PROOF.test(new URL(page.url()).pathname)) {
      const shown = words.match(IDENTIFIER);
      if (shown) said(`an identifier is shown: ${shown[0]}`);
      const old = html.includes('<html lang="en"') && words.match(OLD_WORDS);
      if (old) said(`a word that docs/words.md gives up: ${words.slice(Math.max(0, old.index - 30), old.index + 40).replaceAll(/\s+/g, ' ')}`);
    }
    const primary = await page.locator('main .btn.go:visible').count();
    if (primary > 1 && page.url().includes('/desk')) said(`${primary} primary actions`);
    const found = await this.judge(page.url(), html);
    for (const violation of found) {
      said(`axe ${violation.id}: ${violation.nodes.slice(0, 2).map((node) => node.html.slice(0, 160)).join(' | ')}`);
    }
    // The markup as the server sent it: a browser repairs what is open or nested wrongly.
    const report = await markup.validateString(page.sent?.url === page.url() ? page.sent.html : html);
    for (const result of report.results) {
      // Lines of a budget, members present, columns, ticked rows, and a box with the value that it has unticked share a name.
      const messages = result.messages.filter((message) => !/form-dup-name/.test(message.ruleId) || !/"(item-|amount-|present|column|pick|sure)/.test(message.message));
      for (const message of messages.slice(0, 5)) said(`markup ${message.ruleId}: ${message.message} `);
    }
  }
}
