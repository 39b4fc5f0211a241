// A grant from the application to payment and returned money: officers, panel, group and finance, each on their own pages.

import fs from 'node:fs';
import path from 'node:path';
import { act, must, send } from './people.mjs';

export async function grant(people, group, look, { id, name, tag }) {
  const desk = async (who, at) => { const page = await people.of(who); await page.goto(at); return page; };
  const application = `/desk/applications/${id}`;
  let page = await desk('Sam', application);
  await look.at(page, `${tag}-desk-to-check`);
  await act(page, 'confirm-eligibility');
  await look.at(page, `${tag}-desk-eligible`);
  for (const who of ['Jo', 'Lee', 'Chris']) {
    page = await desk(who, '/desk/panel');
    await page.locator('main a[href$="/score"]').first().click();
    const round = page.url().split('/score')[0];
    await page.goto(`${round}/score/${id}`);
    if (who === 'Jo') await look.at(page, `${tag}-score-undeclared`);
    await page.getByRole('button', { name: 'I have no conflict of interest' }).click();
    if (who === 'Jo') {
      must(!(await page.locator('.score input:checked').count()), 'no score is given before the member chooses it');
      await page.getByLabel('Why').fill('It reaches people who are often left out.');
      await page.getByRole('button', { name: 'Save and stay here' }).click();
      must(await page.locator('.wrong, .err').count(), 'a score without its points is not taken');
      must((await page.getByLabel('Why').inputValue()).startsWith('It reaches'), 'what was typed stays');
      await look.at(page, `${tag}-score-wrong`);
    }
    for (const scale of await page.locator('.score .scale').all()) await scale.locator('input[value="4"]').check({ force: true });
    await page.getByLabel('Why').fill('It reaches people who are often left out.');
    await page.getByRole('button', { name: 'Save and stay here' }).click();
    must(await page.locator('.notice.good').count(), `the score was taken: ${await page.locator('.wrong, .err').allInnerTexts()}`);
  }
  await look.at(page, `${tag}-score-given`);
  page = await desk('Lee', application);
  await look.at(page, `${tag}-desk-scored`);
  page = await desk('Sam', application);
  await act(page, 'write-summary', async (form) => {
    await form.getByLabel('Title').fill('Soup on Mondays');
    await form.getByLabel('Description').fill('Neighbours cook and eat together once a week.');
  });
  page = await desk('Jo', '/desk/panel');
  await look.at(page, `${tag}-panel-rounds`);
  page = await desk('Jo', application);
  await act(page, 'award', async (form) => {
    await look.at(page, `${tag}-desk-award`);
    await form.getByLabel(/Chris/).check();
  });
  await look.at(page, `${tag}-desk-awarded`);
  page = await desk('Chris', application);
  await look.at(page, `${tag}-desk-attendance`);
  await act(page, 'confirm-attendance-');

  // The group accepts, and enters its account.
  await group.goto(`/my/grants/${id}`);
  await look.at(group, `${tag}-my-offer`);
  await send(group, 'accept');
  must(await group.locator('.wrong').count(), 'nothing is accepted by a bare press');
  await look.at(group, `${tag}-my-offer-wrong`);
  await send(group, 'accept', async (form) => {
    await form.locator('input[name="signer[]"]').nth(0).fill('Zofia Example');
    await form.locator('input[name="signer[]"]').nth(1).fill('Adam Example');
    await form.locator('input[name=agree]').check();
  });
  must(!(await group.locator('.wrong').count()), `the offer was accepted: ${await group.locator('.wrong').allInnerTexts()}`);
  await look.at(group, `${tag}-my-accepted`);
  await group.goto(`/my/grants/${id}/payee`);
  await group.getByRole('button', { name: 'Continue', exact: true }).click();
  await look.at(group, `${tag}-my-payee-wrong`);
  await group.getByLabel('Our group has a bank account').check();
  await group.getByRole('button', { name: 'Continue', exact: true }).click();
  await group.locator('#payee-holder').fill(name);
  await group.locator('#payee-sort').fill('12-34-56');
  await group.locator('#payee-account').fill('12345678');
  await group.getByRole('button', { name: 'Save', exact: true }).click();
  must(group.url().split('?')[0].endsWith(`/my/grants/${id}`), `the bank details were kept: ${await group.locator('.wrong').allInnerTexts()}`);
  const picture = await picture_of(group);
  await send(group, 'hand-in', async (form) => form.locator('input[type=file]').setInputFiles(picture));
  must(await group.getByText(/Files you sent us: 1|picture\.png/).count(), `the document was kept: ${await group.locator('.wrong').allInnerTexts()}`);

  // Two people make the payment.
  const at_desk = `/desk/grants/${id}`;
  page = await desk('Sam', at_desk);
  for (const check of ['governing-document', 'identity']) await act(page, `pass-${check}`, async (form) => form.locator('textarea').fill('Seen and in order.'));
  await act(page, 'verify-payee', async (form) => form.locator('input[name=method]').fill('A bank statement was seen'));
  page = await desk('Alex', at_desk);
  await act(page, 'prepare');
  await look.at(page, `${tag}-desk-grant`);
  page = await desk('Alex', `/desk/payments?grant=${id}`);
  must(!(await page.locator('form:has(input[value^=approve-payment])').count()), 'the preparer has no button to approve it');
  must(await page.getByText(/someone who prepared it.*can’t approve it/).count(), 'the preparer is told why there is no button');
  await look.at(page, `${tag}-payments-own`);
  page = await desk('Morgan', `/desk/payments?grant=${id}`);
  await look.at(page, `${tag}-payments-approve`);
  for (const step of ['approve-payment-', 'send-payment-', 'confirm-payment-']) await act(page, step);
  await look.at(page, `${tag}-payments-paid`);

  // An update sent from a telephone, with a picture.
  await group.goto(`/my/grants/${id}`);
  await group.locator(`a[href*="/my/grants/${id}/updates/"]`).first().click();
  await send(group, 'update', async (form) => form.locator('input[name=people]').fill('14'));
  must(await group.locator('.wrong').count(), 'an update without words is not sent');
  must((await group.locator('input[name=people]').inputValue()) === '14', 'what was typed stays');
  await look.at(group, `${tag}-my-update-wrong`);
  await send(group, 'update', async (form) => {
    await form.locator('[name=words]').fill('Fourteen of us cooked, and two came who had not been out for a year.');
    await form.locator('[name=volunteers]').fill('3');
    await form.locator('[name=spent]').fill('420');
    await form.locator('[name=learned]').fill('Finding a kitchen was hard.');
    await form.locator('[name=pictures]').setInputFiles(picture);
    await form.locator('input[type=checkbox][name^=agreed]').check();
    const sign = group.locator('details, fieldset', { has: group.getByText('Bringing people together') }).first();
    if (!(await sign.evaluate((folded) => folded.tagName !== 'DETAILS' || folded.open))) await sign.locator('summary').click();
    await sign.getByLabel('A lot').check();
  });
  must(!(await group.locator('.wrong').count()), `the update was sent: ${await group.locator('.wrong').allInnerTexts()}`);
  must(await group.getByText(/Thank you/).count(), 'the update arrived');
  await look.at(group, `${tag}-my-grant`);
  page = await desk('Sam', `/desk/updates/${id}/1`);
  await look.at(page, `${tag}-desk-update`);
  await act(page, 'accept-update');
  page = await desk('Sam', at_desk);
  await act(page, 'publish-story', async (form) => {
    await form.locator('[name=words]').fill(`Fourteen neighbours cooked soup (${tag}).`);
    await form.locator('[name=consent]').fill('A signed form');
    await form.locator('input[type=checkbox]').first().check();
  });
  const stranger = await people.stranger();
  await stranger.goto('/impact');
  must(await stranger.getByText(`Fourteen neighbours cooked soup (${tag}).`).count(), 'the story is public');
  const shown = await stranger.locator('.story img').last().getAttribute('src');
  const answer = await stranger.request.get(shown);
  must(answer.status() === 200 && !(await answer.body()).includes('GPSMARKER'), 'the picture is shown without what was noted beside it');
  await stranger.close();
}

/** A small picture with location metadata, as a telephone makes it. */
export async function picture_of(page) {
  const folder = path.join('target', 'browser');
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'picture.png');
  const png = await page.screenshot({ clip: { x: 0, y: 0, width: 200, height: 120 } });
  // A text chunk after the header, as cameras and editors write.
  const text = Buffer.from('tEXtComment\0GPSMARKER 53.54,-2.11');
  const { crc32 } = await import('node:zlib');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length - 4);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE((crc32 ?? slow_crc)(text) >>> 0);
  fs.writeFileSync(file, Buffer.concat([png.subarray(0, 33), length, text, sum, png.subarray(33)]));
  return file;
}

function slow_crc(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}
