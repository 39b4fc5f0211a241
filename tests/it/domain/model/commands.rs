//! The command of an action, and who issues it.

use std::collections::BTreeSet;

use jiff::civil::Date;
use microgrants::domain::application::TakeBackDecision;
use microgrants::domain::command::{NoBody, WithReason};
use microgrants::domain::fund::{DecisionLine, RecordMeeting, ReleaseLetters};
use microgrants::domain::grant::{
    AcceptAgreement, AcceptanceMethod, ApproveVariation, ConfirmReturnWaiver, DeclareUnderspend,
    DemandClawback, FailPayment, PaymentReason, PaymentRef, ProposeReturnWaiver, ReceiveReturn,
    RequestVariation, ReturnReason, ReversePayment, Revoke, SendPayment, UpdateReason,
    VariationChanges,
};
use microgrants::domain::group::VerifyPayee;
use microgrants::domain::organisation::sha256_hex;
use microgrants::domain::panel::Verdict;
use microgrants::domain::{
    ApplicationCommand, Command, FundCommand, GrantCommand, GrantId, GroupCommand, Money, PersonId,
};

use super::action::{Action, grant_of};
use crate::support::fixtures::{
    AGREEMENT_TEXT, confirm, gbp, open, pass_check, prepare, provide_payee, text,
};
use crate::support::scenario::{FUND, Scenario};

pub fn command(setting: &Scenario, step: &Action) -> (PersonId, Command) {
    let number = grant_of(step);
    let command = match *step {
        Action::Allocate(pounds) => {
            Command::Fund(FUND, FundCommand::Allocate(setting.allocate(pounds)))
        }
        Action::Withdraw(pounds) => {
            Command::Fund(FUND, FundCommand::WithdrawFunding(setting.withdraw(pounds)))
        }
        Action::Award(grant, pounds) => setting.award(grant, gbp(pounds)),
        Action::HoldAward(grant, pounds) => hold_award(setting, grant, pounds),
        Action::TakeBack(grant) => take_back(setting, grant),
        Action::ReleaseLetters => Command::Fund(
            FUND,
            FundCommand::ReleaseLetters(ReleaseLetters {
                round: text("first"),
                met_on: setting.world.today,
            }),
        ),
        Action::ProvidePayee(..) => {
            Command::Group(setting.group(number), provide_payee("12-34-56 12345678"))
        }
        Action::VerifyPayee(..) => {
            Command::Group(setting.group(number), verify_payee(setting, number))
        }
        _ => Command::Grant(
            GrantId(setting.application(number).0),
            grant_command(setting, step),
        ),
    };
    (actor(setting, step), command)
}

/// An award of a meeting whose letters are held for a week.
fn hold_award(setting: &Scenario, grant: usize, pounds: u32) -> Command {
    let Command::Application(application, ApplicationCommand::Award(award)) =
        setting.award(grant, gbp(pounds))
    else {
        unreachable!("it is an award");
    };
    let today = setting.world.today;
    let meeting = RecordMeeting {
        round: text("first"),
        met_on: today,
        letters_on: Some(today.saturating_add(jiff::Span::new().days(7))),
        decisions: vec![DecisionLine {
            application,
            verdict: Verdict::Award(award),
        }],
    };
    Command::Fund(FUND, FundCommand::RecordMeeting(meeting))
}

fn take_back(setting: &Scenario, grant: usize) -> Command {
    let body = TakeBackDecision {
        reason: text("A figure was wrong"),
        present: BTreeSet::new(),
    };
    Command::Application(
        setting.application(grant),
        ApplicationCommand::TakeBackDecision(body),
    )
}

fn actor(setting: &Scenario, step: &Action) -> PersonId {
    match *step {
        Action::Accept(grant) | Action::DeclineOffer(grant) | Action::Vary(grant, _) => {
            setting.members[grant]
        }
        Action::ProvidePayee(_, person)
        | Action::VerifyPayee(_, person)
        | Action::Prepare(_, _, person)
        | Action::Approve(_, _, person)
        | Action::ProposeWaiver(_, _, _, person)
        | Action::ConfirmWaiver(_, _, person)
        | Action::ApproveVariation(_, _, person) => setting.staff[person],
        _ => setting.staff[0],
    }
}

fn verify_payee(setting: &Scenario, number: usize) -> GroupCommand {
    let payee = setting
        .world
        .groups
        .get(&setting.group(number).0)
        .and_then(|group| group.payee())
        .map_or(1, |payee| payee.number);
    GroupCommand::VerifyPayee(VerifyPayee {
        payee,
        method: text("Statement"),
    })
}

fn grant_command(setting: &Scenario, step: &Action) -> GrantCommand {
    let today = setting.world.today;
    agreement_command(step)
        .or_else(|| payment_command(step, today))
        .or_else(|| return_command(setting, step))
        .unwrap_or_else(|| panic!("{step:?} is no command of a grant"))
}

/// A command about the offer, the agreement and its changes.
fn agreement_command(step: &Action) -> Option<GrantCommand> {
    let command = match *step {
        Action::Accept(_) => GrantCommand::AcceptAgreement(AcceptAgreement {
            hash: sha256_hex(AGREEMENT_TEXT),
            method: AcceptanceMethod::Web,
            names: vec![open("A"), open("B")],
        }),
        Action::DeclineOffer(_) => GrantCommand::DeclineOffer(NoBody {}),
        Action::PassCheck(_) => pass_check("identity"),
        Action::Excuse(_) => GrantCommand::ExcuseUpdate(UpdateReason {
            update: 1,
            reason: text("Ended"),
        }),
        Action::Vary(_, pounds) => GrantCommand::RequestVariation(RequestVariation {
            change: VariationChanges {
                amount: Some(gbp(pounds)),
                ..VariationChanges::default()
            },
            words: open("Costs changed"),
        }),
        Action::ApproveVariation(_, variation, _) => {
            GrantCommand::ApproveVariation(ApproveVariation {
                variation,
                present: BTreeSet::new(),
            })
        }
        Action::Hold(_) => GrantCommand::Hold(WithReason {
            reason: text("A reason"),
        }),
        Action::Resume(_) => GrantCommand::Resume(NoBody {}),
        Action::Terminate(_) => GrantCommand::Terminate(Revoke {
            reason: text("A reason"),
            present: BTreeSet::new(),
        }),
        Action::Close(_) => GrantCommand::Close(NoBody {}),
        _ => return None,
    };
    Some(command)
}

fn payment_command(step: &Action, today: Date) -> Option<GrantCommand> {
    let command = match *step {
        Action::Prepare(_, pounds, _) => prepare(pounds),
        Action::Approve(_, payment, _) => GrantCommand::ApprovePayment(PaymentRef { payment }),
        Action::Cancel(_, payment) => GrantCommand::CancelPayment(PaymentReason {
            payment,
            reason: text("No"),
        }),
        Action::Send(_, payment) => GrantCommand::SendPayment(SendPayment {
            payment,
            happened_on: today,
        }),
        Action::Confirm(_, payment) => confirm(payment, today),
        Action::Fail(_, payment) => GrantCommand::FailPayment(FailPayment {
            payment,
            reason: text("No"),
            happened_on: None,
        }),
        Action::Reverse(_, payment) => GrantCommand::ReversePayment(ReversePayment {
            payment,
            happened_on: today,
            reason: text("Taken back"),
        }),
        _ => return None,
    };
    Some(command)
}

/// A command about money that is asked back or comes back.
fn return_command(setting: &Scenario, step: &Action) -> Option<GrantCommand> {
    let command = match *step {
        Action::Underspend(_, pounds) => GrantCommand::DeclareUnderspend(DeclareUnderspend {
            amount: gbp(pounds),
        }),
        Action::Return(_, owed, pounds) => GrantCommand::ReceiveReturn(ReceiveReturn {
            owed,
            amount: gbp(pounds),
            received_on: setting.world.today,
        }),
        Action::Clawback(_, pounds) => GrantCommand::DemandClawback(DemandClawback {
            amount: gbp(pounds),
            reason: text("Spent otherwise"),
            present: BTreeSet::new(),
        }),
        Action::ProposeWaiver(_, owed, pounds, _) => {
            GrantCommand::ProposeReturnWaiver(ProposeReturnWaiver {
                owed,
                amount: gbp(pounds),
                reason: text("Too little"),
            })
        }
        Action::ConfirmWaiver(grant, owed, _) => {
            GrantCommand::ConfirmReturnWaiver(ConfirmReturnWaiver {
                owed,
                amount: proposed(setting, grant, owed),
            })
        }
        _ => return None,
    };
    Some(command)
}

/// The amount proposed to be waived, as the confirming person would read it.
fn proposed(setting: &Scenario, grant: usize, owed: ReturnReason) -> Money {
    let grant = setting
        .world
        .grants
        .get(&setting.application(grant).0)
        .map(|grant| serde_json::to_value(grant).expect("JSON"));
    let amount = grant.and_then(|grant| {
        grant["dues"][<&str>::from(owed)]["waiver"][0]
            .as_str()
            .map(str::to_owned)
    });
    amount
        .and_then(|amount| amount.parse().ok())
        .unwrap_or(gbp(1))
}
