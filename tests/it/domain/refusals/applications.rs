//! Refusals of an application until it is sent.

use std::collections::BTreeMap;

use jiff::civil::date;
use microgrants::domain::application::{
    ApplicationHelp, Channel, HelpKind, SaveAnswers, StartApplication, Submit,
};
use microgrants::domain::command::NoBody;
use microgrants::domain::organisation::AdoptThemes;
use microgrants::domain::person::PersonDetails;
use microgrants::domain::theme::Theme;
use microgrants::domain::{
    Actor, ApplicationCommand as A, ApplicationId, Command, OrganisationCommand, PersonCommand,
    PersonId,
};
use uuid::Uuid;

use super::{SeenRefusals, on_application};
use crate::support::fixtures::{gbp, open, submit, text};
use crate::support::in_memory_domain::ORGANISATION;
use crate::support::scenario::{FUND, Scenario};

pub fn refusals(seen: &mut SeenRefusals) {
    let mut world = Scenario::drafts(2);
    drafts(seen, &mut world);
    incomplete_drafts(seen, &mut world);
    unreachable(seen, &mut world);
    unknown_theme(seen, &mut world);
    late_forms(seen, &mut world);
}

/// Once themes are adopted, answers name one of them.
fn unknown_theme(seen: &mut SeenRefusals, world: &mut Scenario) {
    let theme = Theme {
        theme: text("food"),
        name: text("Food"),
        other_languages: BTreeMap::new(),
    };
    let adopt = OrganisationCommand::AdoptThemes(AdoptThemes {
        themes: vec![theme],
    });
    world.issue_ok(0, Command::Organisation(ORGANISATION, adopt));
    let sport = SaveAnswers {
        activity: Some(text("sport")),
        ..SaveAnswers::default()
    };
    let save = on_application(world, A::SaveAnswers(sport));
    seen.assert_refused(world, 0, "theme_unknown", save);
}

fn start(world: &Scenario, late: bool) -> A {
    A::Start(StartApplication {
        fund: FUND,
        round: text("first"),
        group: world.group(0),
        late,
    })
}

fn drafts(seen: &mut SeenRefusals, world: &mut Scenario) {
    let too_much = SaveAnswers {
        requested: Some(gbp(2501)),
        ..SaveAnswers::default()
    };
    let unknown = SaveAnswers {
        answers: [(text("shoe-size"), open("9"))].into(),
        ..SaveAnswers::default()
    };
    for (code, answers) in [
        ("outside_bounds", too_much),
        ("unknown_question", unknown),
        ("no_change", SaveAnswers::default()),
    ] {
        let save = on_application(world, A::SaveAnswers(answers));
        seen.assert_refused(world, 0, code, save);
    }

    let of_another_group = Actor::Person(PersonId(Uuid::from_u128(101)));
    let withdraw = on_application(world, A::Withdraw(NoBody {}));
    seen.assert_actor_refused(world, of_another_group, "not_of_group", withdraw);
    let confirm = on_application(world, A::ConfirmEligibility(NoBody {}));
    seen.assert_refused(world, 0, "application_not_in_state", confirm);
}

/// An application is sent once its answers, the amount, the area and the people are there.
fn incomplete_drafts(seen: &mut SeenRefusals, world: &mut Scenario) {
    let blank = ApplicationId(Uuid::from_u128(555));
    let member = Actor::Person(world.members[0]);
    let on_blank = |command| Command::Application(blank, command);
    let answered = SaveAnswers {
        answers: [(text("idea"), open("Soup"))].into(),
        ..SaveAnswers::default()
    };
    let all_but_at_risk = SaveAnswers {
        requested: Some(gbp(600)),
        area: Some(text("oldham")),
        ..SaveAnswers::default()
    };

    for (step, code) in [
        (start(world, false), "answer_missing"),
        (A::SaveAnswers(answered), "request_incomplete"),
        (A::SaveAnswers(all_but_at_risk), "request_incomplete"),
    ] {
        world.issue_ok(0, on_blank(step));
        seen.assert_actor_refused(world, member, code, on_blank(A::Submit(submit())));
    }
}

/// An application is sent once somebody in the group can be reached, if only by post.
fn unreachable(seen: &mut SeenRefusals, world: &mut Scenario) {
    let member = world.members[0];
    let contact = |postal_address| {
        let details = PersonDetails {
            name: open("Somebody"),
            email: None,
            telephone: None,
            postal_address,
            typed_email: None,
        };
        Command::Person(member, PersonCommand::ChangeContact(details))
    };
    let issue = |world: &mut Scenario, command| world.world.issue_as(member, command).unwrap();
    issue(world, contact(None));
    let sent = on_application(world, A::Submit(submit()));
    seen.assert_actor_refused(world, Actor::Person(member), "nobody_reached", sent);
    issue(world, contact(Some(open("1 Example Street"))));
}

/// After the round, only a paper form that arrived in time is keyed in, by staff who say why it is
/// late.
fn late_forms(seen: &mut SeenRefusals, world: &mut Scenario) {
    world.world.today = date(2026, 7, 1);
    let member = Actor::Person(world.members[0]);
    let submit_late = on_application(world, A::Submit(submit()));
    seen.assert_actor_refused(world, member, "round_closed", submit_late);

    let help = ApplicationHelp {
        by: world.staff[0],
        kind: HelpKind::KeyedVerbatim {
            read_back: true,
            scan: None,
        },
    };
    let application = world.application(0);
    let on_paper = |received_on, late_reason: Option<&str>| {
        let submit = Submit {
            channel: Channel::Paper,
            received_on: Some(received_on),
            late_reason: late_reason.map(text),
            help: Some(help.clone()),
        };
        Command::Application(application, A::Submit(submit))
    };
    let without_reason = on_paper(date(2026, 6, 30), None);
    seen.assert_refused(world, 0, "late_without_reason", without_reason);
    let too_late = on_paper(date(2026, 7, 1), Some("Late"));
    seen.assert_refused(world, 0, "round_closed", too_late);

    // Only staff can state that a late application arrived in time on paper.
    let in_time = on_paper(date(2026, 6, 30), Some("It lay in the post"));
    seen.assert_actor_refused(world, member, "not_yours", in_time.clone());
    let another = Command::Application(ApplicationId(Uuid::from_u128(556)), start(world, true));
    seen.assert_actor_refused(world, member, "not_yours", another);
    world.issue_ok(0, in_time);
}
