// A grant from the application to payment and returned money: officers, panel, group and finance, each on their own pages.

import fs from 'node:fs';
import path from 'node:path';
import { act, must } from './people.mjs';

export async function grant(people, group, look, { id, name, tag }) {
  const desk = async (who, at) => { const page = await people.of(who); await page.goto(at); return page; };
  const application = `/desk/applications/${id}`;
  let page = await desk('Sam', application);
  await act(page, 'It is eligible');
  await look.at(page, `${tag}-desk-eligible`);
  for (const who of ['Jo', 'Lee', 'Chris']) {
    page = await desk(who, application);
    await act(page, 'I have no interest in this application');
    await act(page, 'Score it', async (form) => {
      for (const select of await form.locator('select').all()) await select.selectOption('4');
      await form.getByLabel('Why').fill('It reaches people who are often left out.');
    });
  }
  await look.at(page, `${tag}-desk-scored`);
  page = await desk('Sam', application);
  await act(page, 'Write the public title and description', async (form) => {
    await form.getByLabel('Title').fill('Soup on Mondays');
    await form.getByLabel('Description').fill('Neighbours cook and eat together once a week.');
  });
  page = await desk('Jo', '/desk/panel');
  await look.at(page, `${tag}-panel-rounds`);
  page = await desk('Jo', application);
  await act(page, 'Award', async (form) => form.getByLabel(/Chris/).check());
  await look.at(page, `${tag}-desk-awarded`);
  page = await desk('Chris', application);
  await look.at(page, `${tag}-desk-attendance`);
  await act(page, 'I was there when it was decided', async () => {}, 'I was there');

  // The group accepts, and enters its account.
  await group.goto(`/my/grants/${id}`);
  await group.getByRole('button', { name: 'Accept the grant' }).click();
  must(await group.locator('.govuk-error-summary').count(), 'nothing is accepted by a bare press');
  await look.at(group, `${tag}-my-offer-wrong`);
  await group.locator('#accept-signer').fill('Zofia Example');
  await group.locator('#accept-signer-1').fill('Adam Example');
  await group.getByLabel('We have read the agreement and agree to it').check();
  await group.getByRole('button', { name: 'Accept the grant' }).click();
  await look.at(group, `${tag}-my-accepted`);
  await group.goto(`/my/grants/${id}/payee`);
  await group.getByRole('button', { name: 'Save', exact: true }).click();
  await look.at(group, `${tag}-my-payee-wrong`);
  await group.getByLabel('Our group has a bank account').check();
  await group.locator('#payee-holder').fill(name);
  await group.locator('#payee-sort').fill('12-34-56');
  await group.locator('#payee-account').fill('12345678');
  await group.getByRole('button', { name: 'Save', exact: true }).click();
  must(group.url().endsWith(`/my/grants/${id}`), 'the payee was kept');
  const picture = await picture_of(group);
  await group.locator('#hand-in-file').setInputFiles(picture);
  await group.getByRole('button', { name: 'Send', exact: true }).click();
  must(await group.getByText('Kept so far: 1').count(), 'the document was kept');

  // Two people make the payment.
  const at_desk = `/desk/grants/${id}`;
  page = await desk('Sam', at_desk);
  for (const check of ['governing document', 'identity']) await act(page, `${check}: it passed`, async (form) => form.getByLabel('What was seen').fill('Seen and in order.'), `${check}: it passed`);
  await act(page, 'Verify the payee', async (form) => form.getByLabel('How').fill('A bank statement was seen'));
  page = await desk('Alex', at_desk);
  await act(page, 'Prepare a payment');
  await look.at(page, `${tag}-desk-grant`);
  page = await desk('Alex', `/desk/payments?grant=${id}`);
  must(await page.getByText('this needs a second person').count(), 'the preparer is told why there is no button');
  await look.at(page, `${tag}-payments-own`);
  page = await desk('Morgan', `/desk/payments?grant=${id}`);
  await act(page, 'Approve', async () => {}, 'Approve the payment');
  await act(page, 'It was sent to the bank');
  await act(page, 'The bank has paid');
  await look.at(page, `${tag}-payments-paid`);

  // An update sent from a telephone, with a picture.
  await group.goto(`/my/grants/${id}`);
  await group.getByRole('link', { name: /Write an update/ }).first().click();
  await group.getByRole('button', { name: 'Send the update' }).click();
  await look.at(group, `${tag}-my-update-wrong`);
  await group.locator('#update-words').fill('Fourteen of us cooked, and two came who had not been out for a year.');
  await group.locator('#update-people').fill('14');
  await group.locator('#update-volunteers').fill('3');
  await group.locator('#update-spent').fill('420');
  await group.locator('#update-learned').fill('Finding a kitchen was hard.');
  await group.locator('#update-pictures').setInputFiles(picture);
  await group.getByLabel('Everybody in the pictures agrees that you may keep them').check();
  const sign = group.locator('details', { has: group.getByText('Bringing people together') }).first();
  if (!(await sign.evaluate((details) => details.open))) await sign.locator('summary').click();
  await sign.getByLabel('A lot').check();
  await group.getByRole('button', { name: 'Send the update' }).click();
  must(await group.getByText('Thank you, we have it.').count(), 'the update arrived');
  await look.at(group, `${tag}-my-grant`);
  page = await desk('Sam', `/desk/updates/${id}/1`);
  await look.at(page, `${tag}-desk-update`);
  await act(page, 'Accept it');
  page = await desk('Sam', at_desk);
  await act(page, 'Publish a story', async (form) => {
    await form.getByLabel('The story').fill(`Fourteen neighbours cooked soup (${tag}).`);
    await form.getByLabel('How consent was given').fill('A signed form');
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
async function picture_of(page) {
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
