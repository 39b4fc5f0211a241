"""One grant from its fund to its closure, with the unedited client that openapi-python-client generates from the contract.

Usage: ADDRESS, ADA, BEN, CASS (tokens) and ADA_ID, BEN_ID in the environment; the client's package `microgrants_client` on the path.
"""

import os
from datetime import date, timedelta
from io import BytesIO
from uuid import UUID, uuid4

from microgrants_client import AuthenticatedClient
from microgrants_client import models as m
from microgrants_client.api.applications import (
    application_award,
    application_confirm_attendance,
    application_confirm_eligibility,
    application_declare,
    application_save_answers,
    application_score,
    application_start,
    application_submit,
    application_write_summary,
)
from microgrants_client.api.figures import budget
from microgrants_client.api.funds import fund_allocate, fund_create, fund_open, fund_open_round, fund_plan_round
from microgrants_client.api.grants import (
    grant,
    grant_accept_agreement,
    grant_accept_update,
    grant_approve_payment,
    grant_close,
    grant_confirm_payment,
    grant_declare_underspend,
    grant_pass_check,
    grant_payments,
    grant_prepare_payment,
    grant_receive_return,
    grant_receive_update,
    grant_schedule_payments,
    grant_send_payment,
)
from microgrants_client.api.groups import group_file, group_keep_file, group_provide_payee, group_register, group_verify_payee
from microgrants_client.api.log import log_events
from microgrants_client.api.organisation import organisation_adopt_signs, organisation_publish_agreement, organisation_publish_form
from microgrants_client.types import File

ada, ben, cass = (
    AuthenticatedClient(base_url=os.environ["ADDRESS"], token=os.environ[name], timeout=30.0) for name in ("ADA", "BEN", "CASS")
)
ada_id, ben_id = UUID(os.environ["ADA_ID"]), UUID(os.environ["BEN_ID"])
today = date.today()
steps = 0


def send(operation, client, *path, **more):
    """Sends a command; an error ends the run."""
    global steps
    answer = operation.sync(*path, client=client, idempotency_key=str(uuid4()), **more)
    if not isinstance(answer, (m.Accepted, m.FileKept)):
        raise SystemExit(f"{operation.__name__}: {answer}")
    steps += 1
    return answer


def read(operation, client, *path, **more):
    answer = operation.sync(*path, client=client, **more)
    if answer is None or isinstance(answer, m.Problem):
        raise SystemExit(f"{operation.__name__}: {answer}")
    return answer


# The office sets up the form, the signs of success, the agreement, and a fund with its round.
question = m.Question(question="idea", label="What would you like to do?", help_="A few sentences.", required=True)
form = send(organisation_publish_form, ada, body=m.PublishForm(questions=[question]))
sign = m.Sign(sign="bringing-people-together", title="Bringing people together", meaning="People meet and help one another.")
send(organisation_adopt_signs, ada, body=m.AdoptSigns(signs=[sign]))
send(organisation_publish_agreement, ada, body=m.PublishAgreement(text="We spend the money on what we applied for."))
rules = m.Rules(minimum="500.00", maximum="2500.00", eyes=2, quorum=2, checks=["identity"], offer_days=28, signers=2)
fund = send(fund_create, ada, body=m.CreateFund(name="A client's fund", purpose="To try a client", areas=["oldham"], rules=rules)).id
source = m.FundingSource(funder="health-partnership")
send(fund_allocate, ada, fund, body=m.Allocate(source=source, amount="5000.00", reference="PY-1", received_on=today))
send(fund_open, ada, fund)
plan = m.PlanRound(round_="spring", name="Spring", opens_on=today, closes_on=today + timedelta(days=30), form=form.made)
send(fund_plan_round, ada, fund, body=plan)
send(fund_open_round, ada, fund, body=m.RoundRef(round_="spring"))

# A group applies on paper: a scan is stored among its files, and an officer keys the form in verbatim.
group = send(group_register, cass, body=m.RegisterGroup(name="Soup and song", area="oldham", standing=m.GroupMaturity.NEW)).id
paper = b"%PDF-1.7\na signed form\n%%EOF"
kept = send(group_keep_file, cass, group, body=File(payload=BytesIO(paper)), purpose=m.FilePurpose.SIGNED_FORM)
opened = read(group_file, cass, group, kept.file)
assert opened.payload.read() == paper, "the file comes back as it was"
application = send(application_start, cass, body=m.StartApplication(fund=fund, round_="spring", group=group)).id
words = m.SaveAnswersAnswers()
words["idea"] = "Cook and sing together on Saturdays."
answers = m.SaveAnswers(requested="800.00", area="oldham", activity="food", people_at_risk=False, answers=words)
send(application_save_answers, cass, application, body=answers)
keyed = m.HelpKindKeyedVerbatim(keyed_verbatim=m.HelpKindKeyedVerbatimKeyedVerbatim(read_back=True, scan=kept.file))
handed_in = m.Submit(channel=m.Channel.PAPER, received_on=today, help_=m.ApplicationHelp(by=ada_id, kind=keyed))
send(application_submit, ada, application, body=handed_in)

# The office checks; two people score and award.
send(application_confirm_eligibility, ada, application)
for by in (ada, ben):
    send(application_declare, by, application)
criteria = m.ScoreCriteria()
criteria["need"] = 4
send(application_score, ben, application, body=m.Score(criteria=criteria, note="Reaches people who eat alone."))
send(application_write_summary, ada, application, body=m.Summary(title="Soup and song", description="Neighbours cook and sing together."))
award = m.Award(
    amount="750.00",
    reason="Pans can be borrowed.",
    present=[ada_id],
    ends_on=today + timedelta(days=60),
    update_due_on=today + timedelta(days=80),
)
send(application_award, ben, application, body=award)
send(application_confirm_attendance, ada, application, body=m.AttendanceRef(person=ada_id, decision=1))

# The agreement is accepted on paper, and the group provides its account.
offered = read(grant, cass, application)
method = m.AcceptanceMethodPaperScan(paper_scan=m.AcceptanceMethodPaperScanPaperScan(scan=kept.file))
accepted = m.AcceptAgreement(hash_=offered.agreement_hash, method=method, names=["Cass", "Dee"])
send(grant_accept_agreement, ada, application, body=accepted)
account = m.BankAccount(holder="Soup and song", numbers="12-34-56 12345678")
payee = m.PayeeInputOwnAccount(route=m.PayeeInputOwnAccountRoute.OWN_ACCOUNT, account=account)
send(group_provide_payee, cass, group, body=payee)
send(group_verify_payee, ada, group, body=m.VerifyPayee(payee=1, method="A bank statement was seen"))
send(grant_pass_check, ada, application, body=m.PassCheck(check="identity", note="Seen."))

# Two instalments are paid, each prepared by one person and approved by the other.
later = m.ReleaseConditionFromDay(from_day=m.ReleaseConditionFromDayFromDay(day=today))
instalments = [m.Instalment(amount="500.00", released=m.ReleaseConditionPlain.AT_ONCE), m.Instalment(amount="250.00", released=later)]
send(grant_schedule_payments, ada, application, body=m.SchedulePayments(instalments=instalments))
for instalment in (1, 2):
    payment = send(grant_prepare_payment, ada, application, body=m.PreparePayment(instalment=instalment)).made
    send(grant_approve_payment, ben, application, body=m.PaymentRef(payment=payment))
    send(grant_send_payment, ben, application, body=m.SendPayment(payment=payment, happened_on=today))
    last = send(grant_confirm_payment, ben, application, body=m.ConfirmPayment(payment=payment, happened_on=today))
paid = read(grant_payments, cass, application, min_position=last.position)
assert [(one.amount, one.state) for one in paid.items] == [("500.00", m.PaymentState.CONFIRMED), ("250.00", m.PaymentState.CONFIRMED)]

# The group reports and returns unspent money, and the grant is closed.
outcome = m.ReportedOutcome(sign="bringing-people-together", strength=m.Strength.STRONG, words="Nobody eats alone.")
update = m.ReceiveUpdate(
    update=1, channel=m.Channel.WEB, words="Twenty of us.", people=20, volunteers=4, spent="700.00", outcomes=[outcome]
)
send(grant_receive_update, cass, application, body=update)
send(grant_accept_update, ada, application, body=m.UpdateRef(update=1))
send(grant_declare_underspend, cass, application, body=m.DeclareUnderspend(amount="50.00"))
send(grant_receive_return, ben, application, body=m.ReceiveReturn(amount="50.00", received_on=today))
end = send(grant_close, ada, application)
closed = read(grant, cass, application, min_position=end.position)
assert closed.state == m.GrantState.CLOSED and closed.returned == "50.00", closed

# Events and refusals have types.
events = read(log_events, ada, after_position=end.first_position - 1).items
assert isinstance(events[0], m.EventOfGrant) and events[0].event == m.GrantEventName.GRANTCLOSED, events
assert read(budget, ada, fund=fund).lines[0].returned == "50.00"
refused = grant_close.sync(application, client=cass, idempotency_key=str(uuid4()))
assert isinstance(refused, m.Problem) and refused.code == m.ProblemCode.NOT_YOURS, refused
print(f"python: {steps} commands by the client, and the books agree")
