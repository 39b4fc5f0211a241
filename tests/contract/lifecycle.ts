// One application from its fund to its close, with the client that @hey-api/openapi-ts makes of the contract, unedited; the
// types that openapi-typescript makes must fit as well.
// Usage: ADDRESS, ADA, BEN, CASS (tokens) and ADA_ID, BEN_ID in the environment.

import assert from 'node:assert';
import { randomUUID } from 'node:crypto';
import { createClient, createConfig, type Client } from './client/client';
import * as api from './client';
import type { components } from './api';

const given = (name: string): string => {
    const value = process.env[name];
    if (!value) throw new Error(`${name} is not there`);
    return value;
};
const by = (name: string): Client =>
    createClient(createConfig({ baseUrl: given('ADDRESS'), auth: () => given(name), throwOnError: false }));
const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
const [ada, ben, cass] = [by('ADA'), by('BEN'), by('CASS')];
const [adaId, benId] = [given('ADA_ID'), given('BEN_ID')];

let steps = 0;
/** What a request came to; what went wrong ends the run. */
async function done<T>(request: Promise<{ data?: T; error?: api.Problem | unknown }>): Promise<T> {
    const { data, error } = await request;
    if (data === undefined) throw new Error(JSON.stringify(error));
    steps += 1;
    return data;
}
const key = () => ({ 'Idempotency-Key': randomUUID() });

async function main(): Promise<void> {
    // The office sets up the form, the signs of success, the agreement, and a fund with its round.
    const question: api.Question = { question: 'idea', label: 'What would you like to do?', help: 'A few sentences.', required: true };
    const form = await done(api.organisationPublishForm({ client: ada, headers: key(), body: { questions: [question] } }));
    const sign: api.Sign = { sign: 'bringing-people-together', title: 'Bringing people together', meaning: 'People meet.' };
    await done(api.organisationAdoptSigns({ client: ada, headers: key(), body: { signs: [sign] } }));
    await done(api.organisationPublishAgreement({ client: ada, headers: key(), body: { text: 'We spend the money on what we applied for.' } }));
    const rules: api.Rules = { minimum: '500.00', maximum: '2500.00', eyes: 2, quorum: 2, checks: ['identity'], offer_days: 28, signers: 2 };
    const created = { name: 'Another client’s fund', purpose: 'To try a client', areas: ['oldham'], rules };
    const fund = { fund: (await done(api.fundCreate({ client: ada, headers: key(), body: created }))).id };
    const money: api.Allocate = { source: { funder: 'health-partnership' }, amount: '5000.00', reference: 'TS-1', received_on: day(0) };
    await done(api.fundAllocate({ client: ada, headers: key(), path: fund, body: money }));
    await done(api.fundOpen({ client: ada, headers: key(), path: fund }));
    const plan: api.PlanRound = { round: 'spring', name: 'Spring', opens_on: day(0), closes_on: day(30), form: form.made ?? 1 };
    await done(api.fundPlanRound({ client: ada, headers: key(), path: fund, body: plan }));
    await done(api.fundOpenRound({ client: ada, headers: key(), path: fund, body: { round: 'spring' } }));

    // A group applies on paper: the form is kept among its files, and an officer keys it in word by word.
    const registered: api.RegisterGroup = { name: 'Song and soup', area: 'oldham', standing: 'new' };
    const group = { group: (await done(api.groupRegister({ client: cass, headers: key(), body: registered }))).id };
    const paper = new Blob(['%PDF-1.7\na signed form\n%%EOF']);
    const kept = await done(api.groupKeepFile({ client: cass, headers: key(), path: group, query: { purpose: 'signed_form' }, body: paper }));
    const opened = await done(api.groupFile({ client: cass, path: { ...group, file: kept.file }, parseAs: 'blob' }));
    assert.strictEqual(await new Blob([opened]).text(), await paper.text());
    const start: api.StartApplication = { ...fund, ...group, round: 'spring' };
    const application = { application: (await done(api.applicationStart({ client: cass, headers: key(), body: start }))).id };
    const answers: api.Answers = { requested: '800.00', area: 'oldham', people_at_risk: false, answers: { idea: 'Cook and sing.' } };
    await done(api.applicationSaveAnswers({ client: cass, headers: key(), path: application, body: answers }));
    const help: api.Help = { by: adaId, kind: { keyed_verbatim: { read_back: true, scan: kept.file } } };
    const submit: api.Submit = { channel: 'paper', received_on: day(0), help };
    await done(api.applicationSubmit({ client: ada, headers: key(), path: application, body: submit }));

    // The office checks; two people score and award.
    await done(api.applicationConfirmEligibility({ client: ada, headers: key(), path: application }));
    for (const client of [ada, ben]) await done(api.applicationDeclare({ client, headers: key(), path: application }));
    const score: api.Score = { criteria: { need: 4 }, note: 'Reaches people who eat alone.' };
    await done(api.applicationScore({ client: ben, headers: key(), path: application, body: score }));
    const summary: api.Summary = { title: 'Song and soup', description: 'Neighbours cook and sing together.' };
    await done(api.applicationWriteSummary({ client: ada, headers: key(), path: application, body: summary }));
    const award: api.Award = { amount: '750.00', reason: 'Pans can be borrowed.', present: [adaId], ends_on: day(60), update_due_on: day(80) };
    await done(api.applicationAward({ client: ben, headers: key(), path: application, body: award }));
    await done(api.applicationConfirmAttendance({ client: ada, headers: key(), path: application, body: { person: adaId, decision: 1 } }));

    // The agreement comes back on paper, and the group says where the money should go.
    const grant = { grant: application.application };
    const offered = await done(api.grant({ client: cass, path: grant }));
    const method: api.Method = { paper_scan: { scan: kept.file } };
    const accepted: api.AcceptAgreement = { hash: offered.agreement_hash, method, names: ['Cass', 'Dee'] };
    await done(api.grantAcceptAgreement({ client: ada, headers: key(), path: grant, body: accepted }));
    const payee: api.PayeeTyped = { route: 'own_account', account: { holder: 'Song and soup', numbers: '12-34-56 12345678' } };
    await done(api.groupProvidePayee({ client: cass, headers: key(), path: group, body: payee }));
    await done(api.groupVerifyPayee({ client: ada, headers: key(), path: group, body: { payee: 1, method: 'A bank statement was seen' } }));
    await done(api.grantPassCheck({ client: ada, headers: key(), path: grant, body: { check: 'identity', note: 'Seen.' } }));

    // It is paid in two instalments, each prepared by one and approved by the other.
    const instalments: api.Instalment[] = [
        { amount: '500.00', released: 'at_once' },
        { amount: '250.00', released: { from_day: { day: day(0) } } },
    ];
    await done(api.grantSchedulePayments({ client: ada, headers: key(), path: grant, body: { instalments } }));
    for (const instalment of [1, 2]) {
        const prepared = await done(api.grantPreparePayment({ client: ada, headers: key(), path: grant, body: { instalment } }));
        const body = { payment: prepared.made ?? 0, happened_on: day(0) };
        await done(api.grantApprovePayment({ client: ben, headers: key(), path: grant, body: { payment: body.payment } }));
        await done(api.grantSendPayment({ client: ben, headers: key(), path: grant, body }));
        await done(api.grantConfirmPayment({ client: ben, headers: key(), path: grant, body }));
    }
    const paid = await done(api.grantPayments({ client: cass, path: grant }));
    assert.deepStrictEqual(paid.items.map((one) => [one.amount, one.state]), [['500.00', 'confirmed'], ['250.00', 'confirmed']]);

    // The group reports, gives back what it did not need, and the grant closes.
    const outcomes: api.OutcomeSaid[] = [{ sign: 'bringing-people-together', strength: 'strong', words: 'Nobody eats alone.' }];
    const update: api.ReceiveUpdate = { update: 1, channel: 'web', words: 'Twenty of us.', people: 20, volunteers: 4, spent: '700.00', outcomes };
    await done(api.grantReceiveUpdate({ client: cass, headers: key(), path: grant, body: update }));
    await done(api.grantAcceptUpdate({ client: ada, headers: key(), path: grant, body: { update: 1 } }));
    await done(api.grantDeclareUnderspend({ client: cass, headers: key(), path: grant, body: { amount: '50.00' } }));
    await done(api.grantReceiveReturn({ client: ben, headers: key(), path: grant, body: { amount: '50.00', received_on: day(0) } }));
    const end = await done(api.grantClose({ client: ada, headers: key(), path: grant }));
    const closed = await done(api.grant({ client: cass, path: grant, query: { min_position: end.position } }));
    assert.deepStrictEqual([closed.state, closed.returned], ['closed', '50.00']);

    // What was recorded has types, and what is refused says how.
    const events = await done(api.logEvents({ client: ada, query: { after_position: end.first_position - 1 } }));
    const closing = events.items[0];
    assert(closing?.stream === 'grant' && closing.event === 'GrantClosed' && closing.payload?.GrantClosed !== undefined);
    const figures: components['schemas']['Budget'] = await done(api.budget({ client: ada, query: fund }));
    assert.strictEqual(figures.lines[0]?.returned, '50.00');
    const { error } = await api.grantClose({ client: cass, headers: key(), path: grant });
    assert(error !== undefined && error.code === 'not_yours' && benId !== adaId);
    console.log(`typescript: ${steps} requests by the client, and the books agree`);
}

main().catch((error: unknown) => {
    console.error(error);
    process.exit(1);
});
