// Takes the README's screenshots of a running demo.
//
//     node tests/browser/pictures.mjs BASE_URL FOLDER

import { People, launch } from './people.mjs';

const [base, folder] = process.argv.slice(2);
const SIZE = { width: 1280, height: 860 };
const browser = await launch();
const people = new People(browser, base, false);
const picture = async (page, name) => {
  await page.setViewportSize(SIZE);
  await page.screenshot({ path: `${folder}/${name}.png` });
};

const officer = await people.of('Robin');
await officer.goto('/desk');
await picture(officer, 'today');
await officer.goto('/desk/applications?state=submitted');
await officer.locator('main tbody th a').first().click();
await picture(officer, 'application');
const stranger = await people.stranger();
await stranger.goto('/impact');
await picture(stranger, 'impact');
await browser.close();
