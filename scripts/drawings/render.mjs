// Renders the drawings as JPEG, 900 by 600, each at most 45 kB. Usage: node render.mjs FOLDER
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { pics } from './first.mjs';
import './second.mjs';

const folder = process.argv[2];
const { chromium } = createRequire(path.resolve('tests/browser/package.json'))('playwright-core');
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' });
const page = await browser.newPage({ viewport: { width: 900, height: 600 } });
for (const [name, drawn] of Object.entries(pics)) {
  const filled = drawn.replace('<svg ', '<svg preserveAspectRatio="xMidYMid slice" ').replace(/width="\d+" height="\d+">/, 'width="900" height="600">');
  await page.setContent(`<style>body{margin:0}svg{display:block}</style>${filled}`);
  for (let quality = 72; ; quality -= 6) {
    const bytes = await page.screenshot({ type: 'jpeg', quality });
    if (bytes.length > 45000 && quality > 20) continue;
    fs.writeFileSync(path.join(folder, `${name}.jpg`), bytes);
    console.log(name, bytes.length, quality);
    break;
  }
}
await browser.close();
