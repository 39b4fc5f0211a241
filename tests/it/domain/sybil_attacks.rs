//! Sybil attacks: one person with many mailboxes moves no money, takes no grant away and makes
//! nobody a member or a judge.

use std::collections::BTreeSet;

use microgrants::clock::new_id;
use microgrants::domain::organisation::{ConfirmRole, RoleRef};
use microgrants::domain::person::PersonDetails;
use microgrants::domain::{
    Actor, Command, GrantId, GroupId, OrganisationCommand, PersonCommand, PersonId, Role,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::connections::{ApiCommands, account_details, bank_statement_seen};
use crate::domain::matrix::samples::rules;
use crate::support::fixtures::{AGREEMENT_TEXT, Office, open, person};
use crate::support::in_memory_domain::ORGANISATION;
use crate::support::scenario::{FUND, Scenario, command_from_json};
use crate::support::test_app::TestApp;

on_each_engine!(one_person_alone_moves_no_money);
/// An administrator with every role registers invented colleagues: none of them gets a role.
async fn one_person_alone_moves_no_money(house: TestApp) {
    let office = Office::open(&house, 10_000).await;
    let asking = ApiCommands { house: &house };
    let (ada, organisation) = (office.ada, house.commands.organisation().0);
    for role in ["officer", "panel", "finance", "administrator", "auditor"] {
        let made_up = PersonId(new_id());
        let details = json!({ "name": "Made Up", "email": format!("ada+{role}@example.org") });
        asking
            .issue_ok(ada, "person/register", made_up.0, details)
            .await;
        let of = json!({ "person": made_up, "role": role });
        asking
            .issue_ok(ada, "organisation/propose-role", organisation, of.clone())
            .await;
        asking
            .assert_refused(
                ada,
                "same_person",
                "organisation/confirm-role",
                organisation,
                of.clone(),
            )
            .await;
        asking
            .assert_refused(
                made_up,
                "not_yours",
                "organisation/confirm-role",
                organisation,
                of,
            )
            .await;
    }
    let state = house
        .log
        .refresh::<microgrants::domain::Organisation>(organisation)
        .await
        .unwrap()
        .state;
    assert_eq!(
        state.holders(Role::Officer).count(),
        2,
        "only the two who were named at the beginning"
    );
}

on_each_engine!(a_proposal_ends_with_a_changed_contact);
async fn a_proposal_ends_with_a_changed_contact(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben, organisation) = (office.ada, office.ben, house.commands.organisation().0);
    let nia = person(&house, "Nia").await;
    let of = json!({ "person": nia, "role": "finance" });
    let other = json!({ "name": "Nia", "email": "elsewhere@example.org" });
    asking
        .issue_ok(ada, "organisation/propose-role", organisation, of.clone())
        .await;
    // Only the person can change their address once a role was proposed for them.
    asking
        .assert_refused(
            ben,
            "not_yours",
            "person/change-contact",
            nia.0,
            other.clone(),
        )
        .await;
    asking
        .issue_ok(nia, "person/change-contact", nia.0, other)
        .await;
    asking
        .assert_refused(
            ben,
            "contact_changed_since",
            "organisation/confirm-role",
            organisation,
            of.clone(),
        )
        .await;
    asking
        .issue_ok(ada, "organisation/propose-role", organisation, of.clone())
        .await;
    let read = |proposal: u32| json!({ "person": nia, "role": "finance", "proposal": proposal });
    asking
        .assert_refused(
            ben,
            "not_proposed",
            "organisation/confirm-role",
            organisation,
            read(1),
        )
        .await;
    // A withdrawn proposal, and one whose proposer may no longer propose, cannot be confirmed.
    asking
        .issue_ok(ben, "organisation/end-role", organisation, of.clone())
        .await;
    asking
        .assert_refused(
            ben,
            "not_proposed",
            "organisation/confirm-role",
            organisation,
            of.clone(),
        )
        .await;
    let third = person(&house, "Third").await;
    office.give_role(&house, third, Role::Administrator).await;
    asking
        .issue_ok(third, "organisation/propose-role", organisation, of.clone())
        .await;
    asking
        .issue_ok(
            ada,
            "organisation/end-role",
            organisation,
            json!({ "person": third, "role": "administrator" }),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "proposer_gone",
            "organisation/confirm-role",
            organisation,
            of,
        )
        .await;
}

on_each_engine!(nobody_is_a_member_or_a_judge_by_others);
async fn nobody_is_a_member_or_a_judge_by_others(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let (application, group, member) = office.ready(&house, 900).await;
    let of = |person: PersonId| json!({ "person": person });
    // A group cannot exclude a panel member by inviting them, and neither can one officer alone.
    asking
        .assert_refused(member, "not_yours", "group/add-member", group.0, of(ben))
        .await;
    asking
        .assert_refused(ben, "not_yours", "group/add-member", group.0, of(ben))
        .await;
    asking
        .issue_ok(ada, "group/add-member", group.0, of(ben))
        .await;
    asking
        .issue_ok(ben, "application/declare", application.0, json!({}))
        .await;
    asking
        .assert_refused(ada, "not_yours", "group/join", group.0, of(ben))
        .await;
    asking
        .issue_ok(ben, "group/refuse-invitation", group.0, of(ben))
        .await;
    asking
        .assert_refused(ben, "not_invited", "group/join", group.0, of(ben))
        .await;
    // Nobody is a member before accepting. A person with an address accepts on their own.
    let dee = person(&house, "Dee").await;
    asking
        .issue_ok(member, "group/add-member", group.0, of(dee))
        .await;
    asking
        .assert_refused(
            dee,
            "not_of_group",
            "group/set-contact",
            group.0,
            json!({ "postcode": "OL1 1AA" }),
        )
        .await;
    asking
        .assert_refused(ada, "not_yours", "group/join", group.0, of(dee))
        .await;
    // A person who has since been proposed for a role cannot accept a member's invitation.
    let proposed = json!({ "person": dee, "role": "panel" });
    let organisation = house.commands.organisation().0;
    asking
        .issue_ok(
            ada,
            "organisation/propose-role",
            organisation,
            proposed.clone(),
        )
        .await;
    asking
        .assert_refused(dee, "not_yours", "group/join", group.0, of(dee))
        .await;
    asking
        .issue_ok(ada, "organisation/end-role", organisation, proposed)
        .await;
    asking.issue_ok(dee, "group/join", group.0, of(dee)).await;
    // For a person without an address, an officer records the acceptance.
    let silent = PersonId(new_id());
    asking
        .issue_ok(ada, "person/register", silent.0, json!({ "name": "Sam" }))
        .await;
    asking
        .issue_ok(member, "group/add-member", group.0, of(silent))
        .await;
    asking
        .issue_ok(ben, "group/join", group.0, of(silent))
        .await;
    crate::support::replay::replay_log(&house).await;
}

/// A fund whose decisions need a quorum of two.
async fn panel_of_two(house: &TestApp, office: &Office, set: impl FnOnce(&mut Value)) {
    let asking = ApiCommands { house };
    let mut strict = rules(28);
    strict["quorum"] = json!(2);
    set(&mut strict);
    asking
        .issue_ok(
            office.ada,
            "fund/propose-rules",
            office.fund.0,
            json!({ "rules": strict }),
        )
        .await;
    asking
        .issue_ok(
            office.ben,
            "fund/confirm-rules",
            office.fund.0,
            json!({ "rules": strict }),
        )
        .await;
}

on_each_engine!(what_takes_a_grant_away_needs_the_quorum);
async fn what_takes_a_grant_away_needs_the_quorum(house: TestApp) {
    let office = Office::open(&house, 10_000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    panel_of_two(&house, &office, |_| ()).await;
    let (application, _, member) = office.ready(&house, 900).await;
    asking
        .issue_ok(ben, "application/declare", application.0, json!({}))
        .await;
    let days = (house.in_days(90), house.in_days(120));
    let award =
        json!({ "amount": "900.00", "ends_on": days.0, "update_due_on": days.1, "present": [ben] });
    asking
        .issue_ok(ada, "application/award", application.0, award)
        .await;
    // The offer can be answered once Ben has confirmed his own attendance.
    let grant = application.0;
    asking
        .assert_refused(
            member,
            "attendance_unconfirmed",
            "grant/decline-offer",
            grant,
            json!({}),
        )
        .await;
    let was_there = json!({ "person": ben, "decision": 1 });
    asking
        .assert_refused(
            ada,
            "not_yours",
            "application/confirm-attendance",
            grant,
            was_there.clone(),
        )
        .await;
    asking
        .issue_ok(ben, "application/confirm-attendance", grant, was_there)
        .await;
    let revoke =
        |present: &[PersonId]| json!({ "reason": "The hall has closed", "present": present });
    for path in ["grant/withdraw-offer"] {
        asking
            .assert_refused(ada, "quorum_missing", path, grant, revoke(&[]))
            .await;
        asking.issue_ok(ada, path, grant, revoke(&[ben])).await;
        asking
            .assert_refused(
                ada,
                "same_person",
                "grant/confirm-revocation",
                grant,
                json!({ "proposal": 1 }),
            )
            .await;
    }
    let accept = json!({ "hash": microgrants::domain::organisation::sha256_hex(AGREEMENT_TEXT), "method": "web", "names": ["A", "B"] });
    asking
        .issue_ok(member, "grant/accept-agreement", grant, accept)
        .await;
    asking
        .assert_refused(
            ben,
            "grant_not_in_state",
            "grant/confirm-revocation",
            grant,
            json!({ "proposal": 1 }),
        )
        .await;
    asking
        .assert_refused(ada, "quorum_missing", "grant/terminate", grant, revoke(&[]))
        .await;
    asking
        .issue_ok(ada, "grant/terminate", grant, revoke(&[ben]))
        .await;
    asking
        .assert_refused(
            ben,
            "not_proposed",
            "grant/confirm-revocation",
            grant,
            json!({ "proposal": 1 }),
        )
        .await;
    asking
        .issue_ok(
            ben,
            "grant/confirm-revocation",
            grant,
            json!({ "proposal": 2 }),
        )
        .await;
    let state = house
        .log
        .refresh::<microgrants::domain::Grant>(grant)
        .await
        .unwrap()
        .state;
    assert_eq!(<&str>::from(state.state()), "terminated");
    // With `confirm_days`, the offer is sent immediately, and nobody can accept it after those days
    // unless attendance was confirmed.
    panel_of_two(&house, &office, |rules| rules["confirm_days"] = json!(7)).await;
    let (second, _, member) = office.ready(&house, 800).await;
    asking
        .issue_ok(ben, "application/declare", second.0, json!({}))
        .await;
    let award =
        json!({ "amount": "800.00", "ends_on": days.0, "update_due_on": days.1, "present": [ben] });
    asking
        .issue_ok(ada, "application/award", second.0, award)
        .await;
    house.pass_days(8);
    let late = json!({ "person": ben, "decision": 1 });
    asking
        .assert_refused(
            ben,
            "confirmed_too_late",
            "application/confirm-attendance",
            second.0,
            late,
        )
        .await;
    let accept = json!({ "hash": microgrants::domain::organisation::sha256_hex(AGREEMENT_TEXT), "method": "web", "names": ["A", "B"] });
    asking
        .assert_refused(
            member,
            "attendance_unconfirmed",
            "grant/accept-agreement",
            second.0,
            accept,
        )
        .await;
    crate::support::replay::replay_log(&house).await;
}

on_each_engine!(money_waits_after_a_change);
async fn money_waits_after_a_change(house: TestApp) {
    let office = Office::open(&house, 10_000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let mut patient = rules(28);
    patient.as_object_mut().unwrap().remove("payee_wait_days");
    asking
        .issue_ok(
            ada,
            "fund/propose-rules",
            office.fund.0,
            json!({ "rules": patient }),
        )
        .await;
    asking
        .issue_ok(
            ben,
            "fund/confirm-rules",
            office.fund.0,
            json!({ "rules": patient }),
        )
        .await;
    // Nothing changed: the first payee of a member needs no wait.
    let (grant, group, member) = office.prepared(&house, 500).await;
    let today = house.today();
    let send = |payment: u16| json!({ "payment": payment, "happened_on": today });
    asking
        .issue_ok(
            ben,
            "grant/approve-payment",
            grant.0,
            json!({ "payment": 1 }),
        )
        .await;
    asking
        .assert_refused(
            ben,
            "payee_waits_not",
            "grant/propose-early-payment",
            grant.0,
            json!({ "payment": 1, "reason": "x" }),
        )
        .await;
    // A person joins: the approved payment waits three days, and two people can shorten that.
    let dee = person(&house, "Dee").await;
    asking.add_member(member, group, dee).await;
    asking
        .assert_refused(ben, "payee_waits", "grant/send-payment", grant.0, send(1))
        .await;
    let batch = json!({ "batch": "b", "sent_on": today, "payments": [{ "grant": grant, "payment": 1, "amount": "500.00" }] });
    let together = house
        .issue(
            ben,
            command_from_json("fund", office.fund.0, "send-batch", &batch),
        )
        .await;
    assert!(
        format!("{together:?}").contains("PayeeWaits"),
        "{together:?}"
    );
    let early = json!({ "payment": 1, "reason": "The hall must be paid today" });
    asking
        .issue_ok(ada, "grant/propose-early-payment", grant.0, early)
        .await;
    asking
        .assert_refused(
            ada,
            "same_person",
            "grant/confirm-early-payment",
            grant.0,
            json!({ "payment": 1 }),
        )
        .await;
    asking
        .issue_ok(
            ben,
            "grant/confirm-early-payment",
            grant.0,
            json!({ "payment": 1 }),
        )
        .await;
    // Another change on the next day restarts the wait.
    house.pass_days(1);
    asking
        .issue_ok(
            member,
            "person/change-contact",
            member.0,
            json!({ "name": "Cass", "email": "new@example.org" }),
        )
        .await;
    let now = json!({ "payment": 1, "happened_on": house.today() });
    asking
        .assert_refused(ben, "payee_waits", "grant/send-payment", grant.0, now)
        .await;
    house.pass_days(3);
    let then = json!({ "payment": 1, "happened_on": house.today() });
    asking
        .issue_ok(ben, "grant/send-payment", grant.0, then)
        .await;
    // A new payee causes a wait as well, and the payment shows its end.
    let (second, group, member) = office.payable(&house, 600).await;
    asking
        .issue_ok(member, "group/provide-payee", group.0, account_details())
        .await;
    let again = json!({ "payee": 2, "method": "A statement was seen" });
    asking
        .issue_ok(ben, "group/verify-payee", group.0, again)
        .await;
    asking
        .issue_ok(
            ada,
            "grant/prepare-payment",
            second.0,
            json!({ "amount": "600.00" }),
        )
        .await;
    house.catch_up().await;
    let row: microgrants::projections::PaymentRow = house
        .views()
        .find(&format!("{second}/00001"), None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.waits_until, Some(house.in_days(3)));
    // A merge that adds members to a group causes a wait, too.
    let (third, group, _) = office.payable(&house, 700).await;
    let (other, _) = office.group(&house).await;
    let merge = json!({ "into": other, "reason": "The same people" });
    asking
        .issue_ok(office.ada, "group/merge", group.0, merge)
        .await;
    asking
        .issue_ok(
            ben,
            "grant/prepare-payment",
            third.0,
            json!({ "amount": "700.00" }),
        )
        .await;
    house.catch_up().await;
    let row: microgrants::projections::PaymentRow = house
        .views()
        .find(&format!("{third}/00001"), None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.waits_until, Some(house.in_days(3)));
    crate::support::replay::replay_log(&house).await;
}

on_each_engine!(a_fund_opens_once_two_administrators_signed_in);
/// The first two administrators prove that each has a mailbox before money can be given.
async fn a_fund_opens_once_two_administrators_signed_in(house: TestApp) {
    let office = Office::open(&house, 1000).await;
    let asking = ApiCommands { house: &house };
    let ben = json!({ "name": "Ben", "email": "other@example.org" });
    asking
        .issue_ok(office.ben, "person/change-contact", office.ben.0, ben)
        .await;
    let fund = new_id();
    let create =
        json!({ "name": "Another", "purpose": "To meet", "areas": ["oldham"], "rules": rules(28) });
    asking
        .issue_ok(office.ada, "fund/create", fund, create)
        .await;
    asking
        .assert_refused(
            office.ada,
            "administrators_not_signed_in",
            "fund/open",
            fund,
            json!({}),
        )
        .await;
    crate::support::fixtures::sign_in(&house, office.ben).await;
    asking
        .issue_ok(office.ada, "fund/open", fund, json!({}))
        .await;
}

on_each_engine!(those_concerned_are_told);
/// Administrators are notified of roles and of colleagues' addresses, members of changes to payee,
/// membership and address.
async fn those_concerned_are_told(house: TestApp) {
    let office = Office::open(&house, 1000).await;
    let asking = ApiCommands { house: &house };
    let (group, member) = office.group(&house).await;
    house.catch_up().await;
    let folder = house.folder.path().join("mails");
    let outbox = microgrants::mail::MailTransport::folder("office@example.org", &folder).unwrap();
    let post = microgrants::mail::Mailer::new(
        house.commands.clone(),
        house.views(),
        outbox,
        "https://grants.example",
    );
    post.subscribe().await.unwrap();
    let nia = person(&house, "Nia").await;
    office.give_role(&house, nia, Role::Panel).await;
    let details = |name: &str| json!({ "name": name, "email": format!("{}@example.org", name.to_lowercase()) });
    asking
        .issue_ok(nia, "person/change-contact", nia.0, details("Nia"))
        .await;
    let dee = person(&house, "Dee").await;
    asking.add_member(member, group, dee).await;
    asking
        .issue_ok(dee, "group/provide-payee", group.0, account_details())
        .await;
    asking
        .issue_ok(dee, "person/change-contact", dee.0, details("Dee"))
        .await;
    // A member who is removed immediately afterwards is still notified of earlier changes.
    asking
        .issue_ok(
            dee,
            "group/remove-member",
            group.0,
            json!({ "person": member }),
        )
        .await;
    let (other, _) = office.group(&house).await;
    let merge = json!({ "into": group, "reason": "The same people" });
    asking
        .issue_ok(office.ada, "group/merge", other.0, merge)
        .await;
    house.catch_up().await;
    while post.run_once().await.unwrap() {}
    let subjects: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .flatten()
        .filter_map(|file| std::fs::read_to_string(file.path()).ok())
        .filter_map(|mail| {
            mail.lines()
                .find_map(|line| line.strip_prefix("Subject: ").map(str::to_owned))
        })
        .collect();
    let sent = |subject: &str| {
        subjects
            .iter()
            .filter(|one| one.as_str() == subject)
            .count()
    };
    assert_eq!(sent("Somebody was given a role"), 2, "{subjects:?}");
    assert_eq!(
        sent("A colleague's name or address changed"),
        2,
        "{subjects:?}"
    );
    assert_eq!(sent("You are asked to join a group"), 1, "{subjects:?}");
    assert_eq!(
        sent("Somebody joined or left your group"),
        4,
        "{subjects:?}"
    );
    assert_eq!(
        sent("Your group was joined with another"),
        3,
        "{subjects:?}"
    );
    assert_eq!(sent("Your group's bank details changed"), 2, "{subjects:?}");
    // Members of the merged group count as members by the time that the mails are written.
    assert_eq!(
        sent("The address of somebody in your group changed"),
        2,
        "{subjects:?}"
    );
}

/// A small random generator, so that a search is the same on every machine.
struct SearchRandom(u64);

impl SearchRandom {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).expect("it is below a usize")
    }

    fn choose<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

const SEARCHES: u64 = 12;
const COMMANDS_PER_SEARCH: usize = 6000;

/// One human holds every role and any number of mailboxes. Each identity sends any command, again
/// and again; the one real colleague confirms nothing. No payment may be sent, and no award may
/// last.
#[test]
fn a_search_over_identities_finds_no_payment() {
    let mut taken = BTreeSet::new();
    for seed in 1..=SEARCHES {
        let mut dice = SearchRandom(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut setting = Scenario::drafts(1);
        let human = setting.staff[0];
        // The people whose mail the human can read: their own identities, and the group's member.
        let mut own = vec![human, setting.members[0]];
        let group = setting.group(0);
        let grant: GrantId = setting.application(0).into();
        for _ in 0..COMMANDS_PER_SEARCH {
            let by = *dice.choose(&own);
            let person = *dice.choose(&own);
            let (command, name) = draw_command(&mut dice, by, person, group, grant);
            if setting
                .world
                .issue(Actor::Person(by), command.clone())
                .is_ok()
            {
                taken.insert(name);
                match command {
                    Command::Person(
                        id,
                        PersonCommand::Register(_) | PersonCommand::ChangeContact(_),
                    ) if !own.contains(&id) => {
                        own.push(id);
                    }
                    _ => {}
                }
            }
        }
        let paid = setting
            .world
            .grants
            .values()
            .map(|grant| grant.paid().total())
            .find(|paid| !paid.is_zero());
        assert_eq!(paid, None, "seed {seed}: one person alone moved money");
    }
    let all = [
        "award",
        "register",
        "propose-role",
        "add-member",
        "join",
        "provide-payee",
        "accept-agreement",
        "pass-check",
    ];
    let missing: Vec<_> = all
        .into_iter()
        .filter(|name| !taken.contains(*name))
        .collect();
    assert!(
        missing.is_empty(),
        "the search came nowhere near: {missing:?} of {taken:?}"
    );
}

/// A command of one of the human's identities.
fn draw_command(
    dice: &mut SearchRandom,
    by: PersonId,
    person: PersonId,
    group: GroupId,
    grant: GrantId,
) -> (Command, String) {
    const GRANT: [(&str, &str); 10] = [
        (
            "accept-agreement",
            r#"{"hash":"","method":"web","names":["A","B"]}"#,
        ),
        ("pass-check", r#"{"check":"identity","note":"Seen"}"#),
        ("prepare-payment", r#"{"amount":"500.00"}"#),
        ("approve-payment", r#"{"payment":1}"#),
        (
            "send-payment",
            r#"{"payment":1,"happened_on":"2026-06-01"}"#,
        ),
        (
            "confirm-payment",
            r#"{"payment":1,"happened_on":"2026-06-01"}"#,
        ),
        ("propose-waiver", r#"{"check":"identity","note":"No"}"#),
        ("confirm-waiver", r#"{"check":"identity"}"#),
        ("propose-early-payment", r#"{"payment":1,"reason":"Now"}"#),
        ("confirm-early-payment", r#"{"payment":1}"#),
    ];
    const APPLICATION: [(&str, &str); 7] = [
        ("submit", r#"{"channel":"web"}"#),
        ("confirm-eligibility", "{}"),
        ("declare", "{}"),
        ("score", r#"{"criteria":{"need":5},"note":"Good"}"#),
        (
            "write-summary",
            r#"{"title":"Soup","description":"Neighbours cook."}"#,
        ),
        (
            "award",
            r#"{"amount":"2500.00","ends_on":"2026-09-01","update_due_on":"2026-09-15"}"#,
        ),
        (
            "confirm-attendance",
            r#"{"person":"00000000-0000-0000-0000-00000000000a","decision":1}"#,
        ),
    ];
    let role = *dice.choose(<Role as strum::VariantArray>::VARIANTS);
    let body = |text: &str| -> Value {
        let mut body: Value = serde_json::from_str(text).expect("JSON");
        if body["hash"].is_string() {
            body["hash"] = json!(microgrants::domain::organisation::sha256_hex(
                AGREEMENT_TEXT
            ));
        }
        body
    };
    let named = |noun: &str, id: Uuid, name: &str, body: &Value| {
        (command_from_json(noun, id, name, body), name.to_owned())
    };
    match dice.below(10) {
        0 => {
            let new = PersonId(Uuid::from_u128(5000 + dice.below(4) as u128));
            let email = Some(open("mailbox@example.org"));
            let details = PersonDetails {
                name: open("Somebody"),
                email,
                telephone: None,
            };
            (
                Command::Person(new, PersonCommand::Register(details)),
                "register".to_owned(),
            )
        }
        1 => {
            let email = Some(open("other@example.org"));
            let details = PersonDetails {
                name: open("Somebody"),
                email,
                telephone: None,
            };
            // Any address, possibly the colleague's.
            let whom = if dice.below(4) == 0 {
                PersonId(Uuid::from_u128(11))
            } else {
                person
            };
            (
                Command::Person(whom, PersonCommand::ChangeContact(details)),
                "change-contact".to_owned(),
            )
        }
        2 => {
            let command = match dice.below(3) {
                0 => OrganisationCommand::ProposeRole(RoleRef { person, role }),
                1 => OrganisationCommand::ConfirmRole(ConfirmRole {
                    person,
                    role,
                    proposal: None,
                }),
                _ => OrganisationCommand::EndRole(RoleRef { person, role }),
            };
            let name = command.name().to_owned();
            (Command::Organisation(ORGANISATION, command), name)
        }
        3 => {
            let name = *dice.choose(&["add-member", "join", "remove-member"]);
            named(
                "group",
                group.0,
                name,
                &json!({ "person": if name == "join" { by } else { person } }),
            )
        }
        4 => {
            let verify = dice.below(2) == 0;
            if verify {
                named("group", group.0, "verify-payee", &bank_statement_seen())
            } else {
                named("group", group.0, "provide-payee", &account_details())
            }
        }
        5 | 6 => {
            let (name, text) = *dice.choose(&APPLICATION);
            named("application", grant.0, name, &body(text))
        }
        7 => {
            let (rules, name) = (
                json!({ "rules": rules(28) }),
                *dice.choose(&["propose-rules", "confirm-rules"]),
            );
            named("fund", FUND.0, name, &rules)
        }
        _ => {
            let (name, text) = *dice.choose(&GRANT);
            named("grant", grant.0, name, &body(text))
        }
    }
}
