//! Scenarios in every state of every noun, and of the parts of a grant: payments, updates, checks,
//! variations, returns.

use jiff::civil::date;
use microgrants::domain::{Actor, Command, Organisation, PersonId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::samples::{FILE, NEW, NEW_GROUP, NOBODY, STRANGER, sample};
use crate::office::gbp;
use crate::setting::{FUND, Setting, register};
use crate::world::ORGANISATION;

const GROUP: Uuid = Uuid::from_u128(200);
/// The id of the application, and of the grant that it becomes.
pub const ONE: Uuid = Uuid::from_u128(300);
const OTHER_FUND: Uuid = Uuid::from_u128(22);

/// A kind of record with states, and the commands that concern it.
pub struct Table {
    /// Also the name of its file under `tests/matrix`.
    pub name: &'static str,
    pub noun: &'static str,
    /// Empty means all commands of the noun.
    pub commands: &'static [&'static str],
    pub states: &'static [&'static str],
    pub reach: fn(&str) -> (Setting, Uuid),
}

const ROUND: &[&str] = &[
    "plan-round",
    "open-round",
    "extend-round",
    "close-round",
    "start-deciding",
    "complete-round",
    "record-meeting",
];
const PAYMENT: &[&str] = &[
    "prepare-payment",
    "approve-payment",
    "propose-early-payment",
    "confirm-early-payment",
    "reject-payment",
    "cancel-payment",
    "send-payment",
    "send-in-batch",
    "confirm-payment",
    "fail-payment",
    "reverse-payment",
    "correct-payment",
];
const UPDATE: &[&str] = &[
    "remind-update",
    "receive-update",
    "accept-update",
    "query-update",
    "excuse-update",
    "correct-update",
    "judge-outcome",
];
const CHECK: &[&str] = &[
    "request-check",
    "pass-check",
    "fail-check",
    "reuse-check",
    "propose-waiver",
    "confirm-waiver",
];
const VARIATION: &[&str] = &["request-variation", "approve-variation", "refuse-variation"];
const RETURN: &[&str] = &[
    "request-return",
    "receive-return",
    "propose-return-waiver",
    "confirm-return-waiver",
];

#[rustfmt::skip]
pub const TABLES: &[Table] = &[
    Table { name: "person", noun: "person", commands: &[], states: &["unknown", "registered", "introduced", "left", "erasure_asked", "erased"], reach: person },
    Table { name: "organisation", noun: "organisation", commands: &[], states: &["blank", "founded"], reach: organisation },
    Table { name: "fund", noun: "fund", commands: &[], states: &["blank", "draft", "open", "open_with_payments", "paused", "closed", "archived"], reach: fund },
    Table { name: "round", noun: "fund", commands: ROUND, states: &["none", "planned", "open", "closed", "deciding", "completed"], reach: round },
    Table { name: "group", noun: "group", commands: &[], states: &["unknown", "registered", "payee_keyed", "payee_verified", "merged", "erasure_asked", "erased"], reach: group },
    Table { name: "application", noun: "application", commands: &[], states: &["blank", "draft", "draft_overdue", "submitted", "changes_requested", "eligible", "ineligible", "in_assessment", "reserve_list", "deferred", "declined", "under_review", "awarded", "withdrawn", "lapsed"], reach: application },
    Table { name: "grant", noun: "grant", commands: &[], states: &["blank", "offered", "offer_overdue", "offer_declined", "offer_lapsed", "offer_withdrawn", "accepted", "on_hold", "live", "reported", "terminated", "closed"], reach: grant },
    Table { name: "payment", noun: "grant", commands: PAYMENT, states: &["none", "prepared", "approved", "sent", "confirmed", "rejected", "cancelled", "failed", "reversed"], reach: payment },
    Table { name: "update", noun: "grant", commands: UPDATE, states: &["none", "requested", "received", "queried", "accepted", "excused"], reach: update },
    Table { name: "check", noun: "grant", commands: CHECK, states: &["none", "outstanding", "on_file", "passed", "out_of_date", "failed", "waiver_proposed", "waived"], reach: check },
    Table { name: "variation", noun: "grant", commands: VARIATION, states: &["none", "requested", "approved", "refused"], reach: variation },
    Table { name: "return", noun: "grant", commands: RETURN, states: &["nothing_due", "due", "waiver_proposed"], reach: due },
    Table { name: "contact", noun: "person", commands: &["change-contact", "confirm-contact", "refuse-contact"], states: &["settled", "proposed"], reach: contact },
    Table { name: "correction", noun: "group", commands: &["correct", "take-correction", "refuse-correction"], states: &["settled", "proposed"], reach: correction },
    Table { name: "helper", noun: "application", commands: &["confirm-help", "refuse-help"], states: &["none", "named", "confirmed"], reach: helper },
    Table { name: "attendance", noun: "application", commands: &["confirm-attendance"], states: &["none", "named", "confirmed"], reach: attendance },
    Table { name: "draft", noun: "application", commands: &["remind-draft", "lapse", "reopen-draft", "save-answers", "submit"], states: &["begun", "closing", "reminded", "overdue", "lapsed", "extended", "reopened"], reach: draft },
    Table { name: "entry", noun: "grant", commands: &["record-bank-entry", "propose-settlement", "confirm-settlement"], states: &["none", "unsettled", "settlement_proposed", "settled"], reach: entry },
    Table { name: "schedule", noun: "grant", commands: &["schedule-payments", "confirm-schedule"], states: &["none", "proposed", "scheduled"], reach: schedule },
    Table { name: "raised_award", noun: "grant", commands: &["confirm-attendance"], states: &["none", "named", "confirmed"], reach: raised_award },
    Table { name: "member", noun: "group", commands: &["add-member", "join", "refuse-invitation", "remove-member"], states: &["none", "invited", "member"], reach: member },
    Table { name: "revocation", noun: "grant", commands: &["withdraw-offer", "terminate", "demand-clawback", "confirm-revocation"], states: &["none", "proposed", "confirmed"], reach: revocation },
    Table { name: "offer", noun: "grant", commands: &["accept-agreement", "decline-offer", "lapse-offer", "send-offer"], states: &["waits", "sent"], reach: offer },
    Table { name: "early_payment", noun: "grant", commands: &["propose-early-payment", "confirm-early-payment", "send-payment"], states: &["none", "waits", "proposed", "confirmed"], reach: early_payment },
    Table { name: "story", noun: "grant", commands: &["publish-story", "withdraw-story"], states: &["none", "published", "withdrawn"], reach: story },
];

impl Setting {
    /// Issues the sample of each command in turn.
    fn go(&mut self, noun: &str, id: Uuid, names: &[&str]) {
        for name in names {
            let (by, body) = sample(noun, name);
            self.says(by.actor(self), noun, id, name, &body);
        }
    }

    fn says(&mut self, actor: Actor, noun: &str, id: Uuid, name: &str, body: &Value) {
        self.asks(actor, noun, id, name, body)
            .unwrap_or_else(|refusal| panic!("{noun}/{name} {body}: {refusal}"));
    }
}

fn with_stranger(mut setting: Setting) -> Setting {
    setting
        .world
        .issue(
            Actor::Operator,
            Command::Person(PersonId(STRANGER), register()),
        )
        .expect("taken");
    setting
}

fn person(state: &str) -> (Setting, Uuid) {
    let mut setting = with_stranger(Setting::founded());
    if state == "unknown" {
        return (setting, NOBODY);
    }
    // A person who typed a name into a public page; in the state `left` they did not return.
    if state == "introduced" || state == "left" {
        setting.go("person", NOBODY, &["introduce"]);
        setting.world.today = if state == "left" {
            date(2026, 6, 16)
        } else {
            setting.world.today
        };
        return (setting, NOBODY);
    }
    // A person without a role, so that an officer may change their contact details.
    setting.staff.truncate(3);
    setting.go("person", STRANGER, &["change-contact", "confirm-contact"]);
    match state {
        "erasure_asked" => setting.go("person", STRANGER, &["request-erasure"]),
        "erased" => setting.go("person", STRANGER, &["erase"]),
        _ => {}
    }
    (setting, STRANGER)
}

/// An unproven person who started an application, and then proved their address.
pub fn with_somebody_unknown() -> Setting {
    let mut setting = Setting::drafts(1);
    let unknown = Actor::Person(PersonId(NOBODY));
    setting.go("person", NOBODY, &["introduce"]);
    setting.says(
        unknown,
        "group",
        NEW_GROUP,
        "register",
        &sample("group", "register").1,
    );
    setting.says(
        unknown,
        "application",
        NEW,
        "start",
        &json!({ "fund": FUND, "round": "first", "group": NEW_GROUP }),
    );
    setting.go("person", NOBODY, &["prove-address"]);
    setting
}

fn organisation(state: &str) -> (Setting, Uuid) {
    let mut setting = with_stranger(Setting::founded());
    if state == "blank" {
        setting.world.organisation = Organisation::default();
    } else {
        setting.does(
            0,
            "organisation",
            ORGANISATION.0,
            "propose-role",
            &json!({ "person": STRANGER, "role": "finance" }),
        );
        setting.go("organisation", ORGANISATION.0, &["propose-mail-text"]);
        setting.go("organisation", ORGANISATION.0, &["propose-webhook"]);
    }
    (setting, ORGANISATION.0)
}

fn fund(state: &str) -> (Setting, Uuid) {
    let mut setting = Setting::drafts(1);
    match state {
        "blank" => return (setting, OTHER_FUND),
        "draft" => {
            setting.go("fund", OTHER_FUND, &["create", "allocate"]);
            return (setting, OTHER_FUND);
        }
        "open" => setting.go("fund", FUND.0, &["propose-rules"]),
        "open_with_payments" => return (payment("approved").0, FUND.0),
        "paused" => setting.go("fund", FUND.0, &["propose-rules", "pause"]),
        "closed" => setting.go("fund", FUND.0, &["close"]),
        _ => setting.go("fund", FUND.0, &["close", "archive"]),
    }
    (setting, FUND.0)
}

/// The round `first`.
fn round(state: &str) -> (Setting, Uuid) {
    let mut setting = Setting::ready(1);
    if matches!(state, "none" | "planned") {
        setting.go("fund", OTHER_FUND, &["create", "open"]);
        if state == "planned" {
            let plan = json!({ "round": "first", "name": "First", "opens_on": "2026-06-01", "closes_on": "2026-06-30", "form": 1 });
            setting.does(0, "fund", OTHER_FUND, "plan-round", &plan);
        }
        return (setting, OTHER_FUND);
    }
    // Late enough that the round can be closed.
    setting.world.today = date(2026, 7, 1);
    let steps: &[&str] = match state {
        "open" => &[],
        "closed" => &["close-round"],
        "deciding" => &["close-round", "start-deciding"],
        _ => &["close-round", "start-deciding", "complete-round"],
    };
    setting.go("fund", FUND.0, steps);
    (setting, FUND.0)
}

fn group(state: &str) -> (Setting, Uuid) {
    let mut setting = with_stranger(Setting::drafts(2));
    let steps: &[&str] = match state {
        "unknown" => return (setting, NEW_GROUP),
        "payee_keyed" => &["provide-payee"],
        "payee_verified" => &["provide-payee", "verify-payee"],
        "merged" => &["merge"],
        "erasure_asked" => &["request-erasure"],
        "erased" => &["erase"],
        _ => &[],
    };
    setting.go("group", GROUP, steps);
    (setting, GROUP)
}

fn application(state: &str) -> (Setting, Uuid) {
    let mut setting = Setting::drafts(1);
    let eligible = ["submit", "confirm-eligibility", "write-summary"];
    let declare = |setting: &mut Setting| {
        for staff in [0, 1] {
            setting.does(staff, "application", ONE, "declare", &json!({}));
        }
    };
    match state {
        "blank" => return (setting, NEW),
        "draft" => {}
        "draft_overdue" => setting.world.today = date(2026, 7, 1),
        "lapsed" => {
            setting.world.today = date(2026, 7, 1);
            setting.go("application", ONE, &["lapse"]);
        }
        "withdrawn" => setting.go("application", ONE, &["withdraw"]),
        "submitted" => setting.go("application", ONE, &["submit"]),
        "changes_requested" => setting.go("application", ONE, &["submit", "request-changes"]),
        "ineligible" => setting.go("application", ONE, &["submit", "refuse-eligibility"]),
        "eligible" => {
            setting.go("application", ONE, &eligible);
            declare(&mut setting);
        }
        _ => {
            setting.go("application", ONE, &eligible);
            declare(&mut setting);
            setting.does(
                0,
                "application",
                ONE,
                "score",
                &json!({ "criteria": { "need": 4 }, "note": "Good" }),
            );
            let steps: &[&str] = match state {
                "in_assessment" => &[],
                "reserve_list" => &["reserve"],
                "deferred" => &["defer"],
                "declined" => &["decline"],
                "under_review" => &["decline", "request-review"],
                _ => &["award"],
            };
            setting.go("application", ONE, steps);
        }
    }
    (setting, ONE)
}

pub fn offered() -> Setting {
    offer_of(1000)
}

fn offer_of(pounds: u32) -> Setting {
    let mut setting = Setting::ready(1);
    let award = setting.award(0, gbp(pounds));
    setting.takes(0, award);
    setting
}

pub fn accepted() -> Setting {
    accept(offered())
}

fn accept(mut setting: Setting) -> Setting {
    setting.go("grant", ONE, &["accept-agreement"]);
    let (file, member) = (
        json!({ "file": FILE, "media": "application/pdf", "bytes": 9, "purpose": "receipt" }),
        setting.members[0],
    );
    setting.says(Actor::Person(member), "group", GROUP, "keep-file", &file);
    setting
}

/// A grant whose payments can be prepared.
pub fn payable() -> Setting {
    pay_ready(accepted())
}

fn pay_ready(mut setting: Setting) -> Setting {
    setting.go("grant", ONE, &["pass-check"]);
    setting.go("group", GROUP, &["provide-payee", "verify-payee"]);
    setting
}

/// A payment of £500, advanced by these commands.
pub fn paid(steps: &[&str]) -> Setting {
    let mut setting = payable();
    setting.does(
        0,
        "grant",
        ONE,
        "prepare-payment",
        &json!({ "amount": "500.00" }),
    );
    setting.go("grant", ONE, steps);
    setting
}

pub const CONFIRMED: [&str; 3] = ["approve-payment", "send-payment", "confirm-payment"];

fn grant(state: &str) -> (Setting, Uuid) {
    let setting = match state {
        "blank" => Setting::ready(1),
        "offered" => offered(),
        "offer_declined" | "offer_withdrawn" | "offer_lapsed" => {
            let mut setting = offered();
            if state == "offer_lapsed" {
                setting.world.today = date(2026, 8, 1);
            }
            let step = match state {
                "offer_declined" => "decline-offer",
                "offer_withdrawn" => "withdraw-offer",
                _ => "lapse-offer",
            };
            setting.go("grant", ONE, &[step]);
            setting
        }
        "offer_overdue" => {
            let mut setting = offered();
            setting.world.today = date(2026, 8, 1);
            setting
        }
        // As much is unpaid here as in the state where half of a thousand was paid.
        "accepted" => pay_ready(accept(offer_of(500))),
        "on_hold" => {
            let mut setting = pay_ready(accept(offer_of(500)));
            setting.go("grant", ONE, &["hold"]);
            setting
        }
        _ => {
            let mut setting = paid(&CONFIRMED);
            setting.world.today = date(2026, 6, 3);
            let steps: &[&str] = match state {
                "live" => &[],
                "reported" => &["receive-update"],
                "terminated" => &["terminate"],
                _ => &["receive-update", "accept-update", "close"],
            };
            setting.go("grant", ONE, steps);
            setting
        }
    };
    (setting, ONE)
}

fn payment(state: &str) -> (Setting, Uuid) {
    let mut setting = match state {
        "none" => payable(),
        "prepared" => paid(&[]),
        "approved" => paid(&CONFIRMED[..1]),
        "sent" => paid(&CONFIRMED[..2]),
        "rejected" => paid(&["reject-payment"]),
        "cancelled" => paid(&["cancel-payment"]),
        "failed" => paid(&["approve-payment", "send-payment", "fail-payment"]),
        // Confirmed, and in another state reversed on a later day.
        _ => paid(&CONFIRMED),
    };
    setting.world.today = date(2026, 6, 3);
    if state == "reversed" {
        setting.go("grant", ONE, &["reverse-payment"]);
    }
    (setting, ONE)
}

fn update(state: &str) -> (Setting, Uuid) {
    let mut setting = if state == "none" {
        offered()
    } else {
        accepted()
    };
    // The final update is due on 15 September, near enough for a reminder.
    setting.world.today = if state == "none" {
        date(2026, 6, 5)
    } else {
        date(2026, 9, 5)
    };
    let steps: &[&str] = match state {
        "received" => &["receive-update"],
        "queried" => &["receive-update", "query-update"],
        "accepted" => &["receive-update", "accept-update"],
        "excused" => &["excuse-update"],
        _ => &[],
    };
    setting.go("grant", ONE, steps);
    (setting, ONE)
}

fn check(state: &str) -> (Setting, Uuid) {
    let mut setting = if state == "none" {
        Setting::ready(1)
    } else {
        accepted()
    };
    match state {
        "passed" => setting.go("grant", ONE, &["pass-check"]),
        "on_file" => setting.go("group", GROUP, &["file-check"]),
        "out_of_date" => {
            let pass = json!({ "check": "identity", "note": "Seen", "good_until": "2026-06-02" });
            setting.does(0, "grant", ONE, "pass-check", &pass);
            setting.world.today = date(2026, 6, 3);
        }
        "failed" => setting.go("grant", ONE, &["fail-check"]),
        "waiver_proposed" => setting.go("grant", ONE, &["propose-waiver"]),
        "waived" => setting.go("grant", ONE, &["propose-waiver", "confirm-waiver"]),
        _ => {}
    }
    (setting, ONE)
}

fn variation(state: &str) -> (Setting, Uuid) {
    let mut setting = accepted();
    let steps: &[&str] = match state {
        "none" => &[],
        "requested" => &["request-variation"],
        "approved" => &["request-variation", "approve-variation"],
        _ => &["request-variation", "refuse-variation"],
    };
    setting.go("grant", ONE, steps);
    (setting, ONE)
}

fn due(state: &str) -> (Setting, Uuid) {
    let mut setting = paid(&CONFIRMED);
    if state != "nothing_due" {
        setting.does(
            0,
            "grant",
            ONE,
            "declare-underspend",
            &json!({ "amount": "600.00" }),
        );
    }
    if state == "waiver_proposed" {
        setting.go("grant", ONE, &["propose-return-waiver"]);
    }
    (setting, ONE)
}

fn story(state: &str) -> (Setting, Uuid) {
    let mut setting = accepted();
    let steps: &[&str] = match state {
        "none" => &[],
        "published" => &["publish-story"],
        _ => &["publish-story", "withdraw-story"],
    };
    setting.go("grant", ONE, steps);
    (setting, ONE)
}

/// A person whose contact details an officer proposed to change.
fn contact(state: &str) -> (Setting, Uuid) {
    let mut setting = with_stranger(Setting::founded());
    if state == "proposed" {
        setting.go("person", STRANGER, &["change-contact"]);
    }
    (setting, STRANGER)
}

/// A group whose member proposed another name.
fn correction(state: &str) -> (Setting, Uuid) {
    let mut setting = Setting::drafts(1);
    if state == "proposed" {
        setting.go("group", GROUP, &["correct"]);
    }
    (setting, GROUP)
}

/// An application with a helper named by the group.
fn helper(state: &str) -> (Setting, Uuid) {
    let mut setting = Setting::drafts(1);
    if state != "none" {
        let (member, help) = (
            setting.members[0],
            json!({ "by": Uuid::from_u128(10), "kind": "helped_to_word" }),
        );
        setting.says(
            Actor::Person(member),
            "application",
            ONE,
            "submit",
            &json!({ "channel": "web", "help": help }),
        );
    }
    if state == "confirmed" {
        setting.go("application", ONE, &["confirm-help"]);
    }
    (setting, ONE)
}

/// A decision that names a second person as present.
fn attendance(state: &str) -> (Setting, Uuid) {
    let mut setting = Setting::ready(1);
    if state != "none" {
        let decline =
            json!({ "reason": "Others", "feedback": "Say more", "present": [Uuid::from_u128(11)] });
        setting.does(0, "application", ONE, "decline", &decline);
    }
    if state == "confirmed" {
        setting.go("application", ONE, &["confirm-attendance"]);
    }
    (setting, ONE)
}

/// A draft around the deadline, 30 June.
fn draft(state: &str) -> (Setting, Uuid) {
    let mut setting = Setting::drafts(1);
    setting.world.today = match state {
        "begun" => date(2026, 6, 20),
        "closing" | "reminded" => date(2026, 6, 28),
        _ => date(2026, 7, 1),
    };
    if state == "reminded" {
        setting.go("application", ONE, &["remind-draft"]);
    }
    if ["lapsed", "extended", "reopened"].contains(&state) {
        setting.go("application", ONE, &["lapse"]);
    }
    if ["extended", "reopened"].contains(&state) {
        setting.go("fund", FUND.0, &["extend-round"]);
    }
    if state == "reopened" {
        setting.go("application", ONE, &["reopen-draft"]);
    }
    (setting, ONE)
}

/// A grant with an unsettled bank entry.
fn entry(state: &str) -> (Setting, Uuid) {
    let mut setting = paid(&CONFIRMED);
    let steps: &[&str] = match state {
        "none" => &[],
        "unsettled" => &["record-bank-entry"],
        "settlement_proposed" => &["record-bank-entry", "propose-settlement"],
        _ => &[
            "record-bank-entry",
            "propose-settlement",
            "confirm-settlement",
        ],
    };
    setting.go("grant", ONE, steps);
    (setting, ONE)
}

/// A grant with a condition of the panel for one instalment.
fn schedule(state: &str) -> (Setting, Uuid) {
    let mut setting = Setting::ready(1);
    let conditions = json!({ "hall": { "text": "The hall is booked", "one_instalment": true } });
    let award = json!({ "amount": "500.00", "reason": "Enough", "ends_on": "2026-09-01", "update_due_on": "2026-09-15", "conditions": conditions });
    setting.does(0, "application", ONE, "award", &award);
    setting = accept(setting);
    if state != "none" {
        let tied =
            json!({ "amount": "500.00", "released": { "after_check": { "check": "hall" } } });
        setting.does(
            0,
            "grant",
            ONE,
            "schedule-payments",
            &json!({ "instalments": [tied] }),
        );
    }
    if state == "scheduled" {
        setting.go("grant", ONE, &["confirm-schedule"]);
    }
    (setting, ONE)
}

/// An award raised at a meeting that names a second person as present.
fn raised_award(state: &str) -> (Setting, Uuid) {
    let mut setting = accepted();
    if state != "none" {
        setting.go("grant", ONE, &["request-variation"]);
        setting.does(
            0,
            "grant",
            ONE,
            "approve-variation",
            &json!({ "variation": 1, "present": [Uuid::from_u128(11)] }),
        );
    }
    if state == "confirmed" {
        setting.go("grant", ONE, &["confirm-attendance"]);
    }
    (setting, ONE)
}

/// A person whom a member invites to the group.
fn member(state: &str) -> (Setting, Uuid) {
    let mut setting = with_stranger(Setting::drafts(1));
    let steps: &[&str] = match state {
        "none" => &[],
        "invited" => &["add-member"],
        _ => &["add-member", "join"],
    };
    setting.go("group", GROUP, steps);
    (setting, GROUP)
}

/// A grant awarded by two people, as the fund's rules require.
fn awarded_by_two() -> Setting {
    let mut setting = Setting::ready(1);
    let mut strict = super::samples::rules(28);
    strict["quorum"] = json!(2);
    setting.does(
        0,
        "fund",
        FUND.0,
        "propose-rules",
        &json!({ "rules": strict }),
    );
    setting.does(
        1,
        "fund",
        FUND.0,
        "confirm-rules",
        &json!({ "rules": strict }),
    );
    let award = json!({ "amount": "2500.00", "ends_on": "2026-09-01", "update_due_on": "2026-09-15", "present": [Uuid::from_u128(11)] });
    setting.does(0, "application", ONE, "award", &award);
    setting
}

/// An offer that is sent once the people named as present have confirmed it.
fn offer(state: &str) -> (Setting, Uuid) {
    let mut setting = awarded_by_two();
    if state == "sent" {
        setting.go("application", ONE, &["confirm-attendance"]);
    }
    (setting, ONE)
}

/// A grant awarded by two people, whose revocation is proposed.
fn revocation(state: &str) -> (Setting, Uuid) {
    let (mut setting, id) = offer("sent");
    setting.go("grant", ONE, &["accept-agreement"]);
    if state != "none" {
        let revoke = json!({ "reason": "They moved away", "present": [Uuid::from_u128(11)] });
        setting.does(0, "grant", ONE, "terminate", &revoke);
    }
    if state == "confirmed" {
        setting.go("grant", ONE, &["confirm-revocation"]);
    }
    (setting, id)
}

/// A payment that waits because a person joined the group.
fn early_payment(state: &str) -> (Setting, Uuid) {
    let mut setting = with_stranger(payment("prepared").0);
    setting.world.today = date(2026, 6, 1);
    if state != "none" {
        let mut patient = super::samples::rules(28);
        patient["payee_wait_days"] = json!(3);
        setting.does(
            0,
            "fund",
            FUND.0,
            "propose-rules",
            &json!({ "rules": patient }),
        );
        setting.does(
            1,
            "fund",
            FUND.0,
            "confirm-rules",
            &json!({ "rules": patient }),
        );
        setting.go("group", GROUP, &["add-member", "join"]);
    }
    setting.go("grant", ONE, &["approve-payment"]);
    match state {
        "proposed" => setting.go("grant", ONE, &["propose-early-payment"]),
        "confirmed" => setting.go(
            "grant",
            ONE,
            &["propose-early-payment", "confirm-early-payment"],
        ),
        _ => {}
    }
    (setting, ONE)
}

/// A person who declares an interest after scoring.
pub fn with_an_interest() -> Setting {
    let mut setting = Setting::ready(1);
    setting.does(
        0,
        "application",
        ONE,
        "score",
        &json!({ "criteria": { "need": 4 }, "note": "Good" }),
    );
    let interest =
        json!({ "interest": { "kind": "family", "note": "A cousin is on the committee" } });
    setting.does(0, "application", ONE, "declare", &interest);
    setting
}

/// A sent batch, of which a bank file was made.
pub fn with_a_bank_file() -> Setting {
    let mut setting = payment("approved").0;
    setting.go("fund", FUND.0, &["send-batch", "make-bank-file"]);
    setting
}
