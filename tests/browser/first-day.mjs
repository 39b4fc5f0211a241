// An office's first day, by hand in a browser: from the link that an empty service prints to a public round.
// Counts the clicks, and takes a picture of every page.
//
// The service needs a mail server that keeps each email as a file (.eml) in FOLDER_OF_MAILS.
//
//     node tests/browser/first-day.mjs FIRST_LINK FOLDER_OF_MAILS [FOLDER_OF_PICTURES]

import fs from 'node:fs';
import path from 'node:path';
import { People, launch, must } from './people.mjs';

const CLICKS_MAX = 30;
const [link, mails, pictures = 'target/first-day'] = process.argv.slice(2);
const browser = await launch();
const people = new People(browser, new URL(link).origin, false);
fs.mkdirSync(pictures, { recursive: true });
let clicks = 0;
let shown = 0;

/** A picture of the page at both widths. */
async function picture(page, name) {
  shown += 1;
  const file = path.join(pictures, `${String(shown).padStart(2, '0')}-${name}`);
  for (const width of [375, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    await page.screenshot({ path: `${file}-${width}.png`, fullPage: true });
  }
}

async function click(page, role, name) {
  clicks += 1;
  await page.getByRole(role, { name }).first().click();
}

/** The newest sign-in link in a mail to an address. */
async function mailed(to) {
  for (let tries = 0; tries < 100; tries += 1) {
    const files = fs.existsSync(mails) ? fs.readdirSync(mails).filter((file) => file.endsWith('.eml')) : [];
    const newest = files.map((file) => path.join(mails, file)).sort((a, b) => fs.statSync(b).mtimeMs - fs.statSync(a).mtimeMs);
    for (const file of newest) {
      const text = fs.readFileSync(file, 'utf8').replace(/=\r?\n/g, '');
      const found = text.includes(`To: ${to}`) && text.match(/\/sign-in\/[0-9a-f.-]+/);
      if (found) return found[0];
    }
    await new Promise((go) => { setTimeout(go, 100); });
  }
  throw new Error(`no mail to ${to}`);
}

async function opens(page, at) {
  clicks += 1;
  await page.goto(at);
  await click(page, 'button', 'Sign in');
}

const morgan = await people.stranger();
clicks += 1;
await morgan.goto(link);
await picture(morgan, 'begin');
await morgan.getByLabel('organisation').fill('Neighbours together');
await morgan.getByLabel('Your name').fill('Morgan Price');
await morgan.getByLabel('Your email address').fill('morgan@example.org');
await click(morgan, 'button', 'Begin');
await picture(morgan, 'steps');

await click(morgan, 'link', /: Your organisation/);
await morgan.getByLabel('Phone', { exact: true }).fill('0161 496 0000');
await morgan.getByLabel('Postal address').fill('1 Example Street\nStockport SK1 1AA');
await picture(morgan, 'organisation');
await click(morgan, 'button', 'Save');

await click(morgan, 'link', /A second administrator/);
await morgan.getByLabel('Their name').fill('Robin Hale');
await morgan.getByLabel('Their email address').fill('robin@example.org');
await picture(morgan, 'second');
await click(morgan, 'button', 'Invite them');
const robin = await people.stranger();
await opens(robin, await mailed('robin@example.org'));
await picture(robin, 'robin');

await morgan.goto('/desk/setup');
await click(morgan, 'link', /: Email/);
await picture(morgan, 'email');
await click(morgan, 'button', 'Send a test message');
await opens(morgan, await mailed('morgan@example.org'));

await click(morgan, 'link', /Your fund/);
await morgan.getByLabel('Name of the fund').fill('Good neighbours');
await morgan.getByLabel('What the money is for').fill('For people who want to meet.');
await morgan.getByLabel('Areas').fill('Stockport, Oldham');
await morgan.getByLabel('Who gives the money').fill('Health Partnership');
await morgan.getByLabel('How much').fill('45,000');
await morgan.getByLabel('Their reference').fill('HP-01');
await picture(morgan, 'fund');
await click(morgan, 'button', /Set up the fund/);

await click(morgan, 'link', /Application questions/);
await picture(morgan, 'questions');
await click(morgan, 'button', 'Use our nine questions');
await click(morgan, 'link', /Signs of success/);
await picture(morgan, 'signs');
await click(morgan, 'button', 'Use these signs');
await click(morgan, 'link', /Themes/);
await picture(morgan, 'themes');
await click(morgan, 'button', 'Use these themes');
await click(morgan, 'link', /Agreement and emails/);
await picture(morgan, 'agreement');
await click(morgan, 'button', 'Use this agreement');
await picture(morgan, 'eight-done');

await click(morgan, 'link', /Open your first round/);
await morgan.getByLabel('Name of the round').fill('Autumn 2026');
await picture(morgan, 'round');
await click(morgan, 'button', 'Plan the round');
await click(morgan, 'link', 'Look at it as a group sees it');
await picture(morgan, 'look');
await click(morgan, 'link', 'Back to the round');
await click(morgan, 'button', 'Open the round to the public');
await picture(morgan, 'open');
const group = await people.stranger();
await group.goto('/');
await picture(group, 'public');
must(await group.getByText('Good neighbours').count(), 'the round is on the public page');
await browser.close();
console.log(`${clicks} clicks from the link to a public round, ${shown} pages`);
process.exit(clicks > CLICKS_MAX ? 1 : 0);
