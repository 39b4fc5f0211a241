//! Questions of every kind: written by the office, chosen for a round, answered by a group, and
//! read in words; and the words of a fund.

use microgrants::clock::new_id;
use microgrants::domain::application::{SaveAnswers, StartApplication};
use microgrants::domain::fund::{PlanRound, RoundRef, Rules};
use microgrants::domain::organisation::{PublishForm, Question};
use microgrants::domain::personal_data::PersonalInput;
use microgrants::domain::{
    ApplicationCommand, ApplicationId, Command, FundCommand, OrganisationCommand, PersonId,
};
use serde_json::json;

use super::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::{Office, rules, text};
use crate::support::scenario::command_from_json;
use crate::support::steps::assert_refused;
use crate::support::test_app::TestApp;

/// A form with a question of each kind, whose keys are the kinds.
fn every_kind() -> Vec<Question> {
    let question = |kind: &str, label: &str| {
        let mut question = json!({
            "question": kind.replace('_', "-"),
            "label": label,
            "required": true,
            "kind": kind,
        });
        if kind.ends_with("choice") || kind.ends_with("choices") {
            question["options"] = json!([
                { "option": "foot", "label": "On foot", "other_languages": { "pl": "Pieszo" } },
                { "option": "bus", "label": "By bus, or by tram" },
            ]);
        }
        question
    };
    let questions = json!([
        question("long_text", "What would you like to do?"),
        question("short_text", "What is it called?"),
        question("one_choice", "How will you come?"),
        question("several_choices", "How else?"),
        question("number", "How many will come?"),
        question("yes_no", "Is it indoors?"),
        question("date", "When does it begin?"),
        question("budget", "What will you spend it on?"),
        question("file", "Can you show us a picture or a paper?"),
    ]);
    serde_json::from_value(questions).expect("questions")
}

/// A draft in a round that asks a question of each kind: its id, and a member of its group.
pub async fn draft_of_every_kind(app: &TestApp, office: &Office) -> (ApplicationId, PersonId) {
    draft_of(app, office, every_kind()).await
}

/// A draft in a round that asks these questions: its id, and a member of its group.
async fn draft_of(
    app: &TestApp,
    office: &Office,
    questions: Vec<Question>,
) -> (ApplicationId, PersonId) {
    let publish = OrganisationCommand::PublishForm(PublishForm {
        name: Some(text("Every kind")),
        questions,
    });
    let publish = Command::Organisation(app.commands.organisation(), publish);
    let version = app.issue_ok(office.ada, publish).await.made;
    let plan = FundCommand::PlanRound(PlanRound {
        round: text("kinds"),
        name: text("Kinds"),
        opens_on: app.today(),
        closes_on: app.in_days(30),
        panel_meets_on: None,
        hear_by: None,
        form: version.expect("a version"),
    });
    let open = FundCommand::OpenRound(RoundRef {
        round: text("kinds"),
    });
    for command in [plan, open] {
        app.issue_ok(office.ada, Command::Fund(office.fund, command))
            .await;
    }
    another_draft(app, office).await
}

/// A draft of another group in the same round.
pub(super) async fn another_draft(
    app: &TestApp,
    office: &Office,
) -> (ApplicationId, microgrants::domain::PersonId) {
    let (group, member) = office.group(app).await;
    let id = ApplicationId(new_id());
    let start = ApplicationCommand::Start(StartApplication {
        fund: office.fund,
        round: text("kinds"),
        group,
        late: false,
    });
    app.issue_ok(member, Command::Application(id, start)).await;
    app.catch_up().await;
    (id, member)
}

/// The answers to a question of one kind: one that is refused, and one that is taken.
struct AnswerCase {
    key: &'static str,
    wrong: &'static [(&'static str, &'static str)],
    /// What the page says to the wrong answer.
    says: &'static str,
    right: &'static [(&'static str, &'static str)],
    /// How the right answer is read afterwards.
    words: &'static str,
}

const ANSWERS: [AnswerCase; 7] = [
    AnswerCase {
        key: "short-text",
        wrong: &[("answer", "")],
        says: "Enter an answer. A sentence or two is fine.",
        right: &[("answer", "Soup")],
        words: "Soup",
    },
    AnswerCase {
        key: "one-choice",
        wrong: &[("answer", "boat")],
        says: "Choose one of these",
        right: &[("answer", "bus")],
        words: "By bus, or by tram",
    },
    AnswerCase {
        key: "several-choices",
        wrong: &[],
        says: "Choose one of these",
        right: &[("answer", "foot"), ("answer", "bus")],
        words: "On foot",
    },
    AnswerCase {
        key: "number",
        wrong: &[("answer", "many")],
        says: "Enter a number",
        right: &[("answer", "1,250")],
        words: "1250",
    },
    AnswerCase {
        key: "yes-no",
        wrong: &[],
        says: "Choose yes or no",
        right: &[("answer", "no")],
        words: "No",
    },
    AnswerCase {
        key: "date",
        wrong: &[("answer", "soon")],
        says: "Enter a day",
        right: &[("answer", "2026-07-05")],
        words: "5 July 2026",
    },
    AnswerCase {
        key: "budget",
        wrong: &[("item-answer", "Hall"), ("amount-answer", "")],
        says: "Line 1: Enter an amount in pounds",
        right: &[
            ("item-answer", "Hall: 24 weeks"),
            ("amount-answer", "480"),
            ("item-answer", ""),
            ("amount-answer", ""),
            ("item-answer", "Tea"),
            ("amount-answer", "£20"),
        ],
        words: "Hall: 24 weeks: £480",
    },
];

on_each_engine!(a_question_of_each_kind_is_answered_and_read_in_words);
async fn a_question_of_each_kind_is_answered_and_read_in_words(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (id, member) = draft_of_every_kind(&app, &office).await;
    let mut browser = signed_in(&app, &address, member).await;
    let answer = |key: &str| format!("/my/applications/{id}/answer/{key}");
    for case in &ANSWERS {
        let (key, at) = (case.key, answer(case.key));
        let page = browser.get(&at);
        assert_eq!(page.status, 200, "{at}");
        let refused = browser.submit_form(&page, &at, case.wrong);
        assert_eq!(refused.status, 422, "{key}");
        assert!(
            refused.contains(case.says),
            "{key}: {}",
            visible_text(&refused)
        );
        let taken = browser.submit_form(&refused, &at, case.right);
        assert_eq!(taken.status, 200, "{key}: {}", visible_text(&taken));
    }
    let page = browser.get(&format!("/my/applications/{id}/check"));
    for case in &ANSWERS {
        assert!(
            page.contains(case.words),
            "{}: {}",
            case.key,
            visible_text(&page)
        );
    }
    let again = browser.get(&answer("budget"));
    assert!(
        again.contains("Your lines add up to £500"),
        "{}",
        visible_text(&again)
    );
    let mut staff = signed_in(&app, &address, office.ada).await;
    let seen = staff.get(&format!("/desk/applications/{id}"));
    assert!(seen.contains("5 July 2026"), "{}", visible_text(&seen));
}

on_each_engine!(an_answer_that_is_not_required_is_taken_out_again);
async fn an_answer_that_is_not_required_is_taken_out_again(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut questions = every_kind();
    for question in &mut questions {
        question.required = false;
    }
    let (id, member) = draft_of(&app, &office, questions).await;
    let mut browser = signed_in(&app, &address, member).await;
    let at = format!("/my/applications/{id}/answer/number");
    let page = browser.get(&at);

    let unfinished = browser.submit_form(&page, &at, &[("answer", "many"), ("then", "later")]);
    let to_do = browser.get(&format!("/my/applications/{id}/check"));
    let page = browser.get(&at);
    let taken_out = browser.submit_form(&page, &at, &[("answer", "")]);
    let answers = app.views().answers(id.0, None).await.unwrap();
    let open = browser.get(&format!("/my/applications/{id}/check"));

    assert_eq!(unfinished.status, 200, "{}", visible_text(&unfinished));
    assert!(
        to_do.contains("href=\"#section-number\"") && to_do.contains("Enter a number"),
        "{}",
        visible_text(&to_do)
    );
    assert_eq!(taken_out.status, 200, "{}", visible_text(&taken_out));
    assert!(answers.is_empty(), "{} answers", answers.len());
    assert!(
        !open.contains("href=\"#section-number\""),
        "{}",
        visible_text(&open)
    );
}

on_each_engine!(a_budget_keeps_its_lines_and_names_the_one_to_correct);
async fn a_budget_keeps_its_lines_and_names_the_one_to_correct(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (id, member) = draft_of_every_kind(&app, &office).await;
    let mut browser = signed_in(&app, &address, member).await;
    let at = format!("/my/applications/{id}/answer/budget");
    let check = format!("/my/applications/{id}/check");
    let lines = |third: &'static str| {
        [
            ("item-answer", "Hall"),
            ("amount-answer", "480"),
            ("item-answer", ""),
            ("amount-answer", ""),
            ("item-answer", "Tea"),
            ("amount-answer", third),
        ]
    };
    let page = browser.get(&at);

    // When
    let refused = browser.submit_form(&page, &at, &lines("12,50"));
    let more = [&lines("about 20")[..], &[("then", "more")]].concat();
    let saved = browser.submit_form(&page, &at, &more);
    let to_do = browser.get(&check);
    let fits = browser.submit_form(&saved, &at, &lines("20"));
    let amount = format!("/my/applications/{id}/answer/amount");
    let page = browser.get(&amount);
    browser.submit_form(&page, &amount, &[("answer", "900")]);
    let differs = browser.get(&check);

    // Then
    assert!(
        refused.status == 422
            && refused.contains("Line 3: Use a point for pence, not a comma: £12.50")
            && refused.contains("href=\"#answer-answer-2\"")
            && refused.text.matches("aria-invalid=\"true\"").count() == 2,
        "{}",
        refused.text
    );
    assert!(
        saved.status == 200
            && saved.path == at
            && saved.contains("value=\"about 20\"")
            && saved.contains("Line 3:"),
        "{}",
        saved.text
    );
    assert!(to_do.contains("Line 3:"), "{}", visible_text(&to_do));
    assert_eq!(fits.status, 200, "{}", visible_text(&fits));
    assert!(
        differs.contains("Your lines add up to £500. You asked for £900.")
            && differs.contains("Check this"),
        "{}",
        visible_text(&differs)
    );
}

on_each_engine!(an_answer_that_does_not_fit_its_question_is_refused);
/// The rule is the same for every caller, and comes after the question of who may save.
async fn an_answer_that_does_not_fit_its_question_is_refused(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (id, member) = draft_of_every_kind(&app, &office).await;
    let save = |question: &str, typed: &str| {
        let answer = PersonalInput::Open(typed.to_owned());
        let answers = [(text(question), answer)].into();
        let save = SaveAnswers {
            answers,
            ..SaveAnswers::default()
        };
        Command::Application(id, ApplicationCommand::SaveAnswers(save))
    };
    for (question, unfit, fits) in [
        ("one-choice", "boat", "On foot"),
        ("several-choices", "foot, boat", "foot\nbus"),
        ("number", "many", "40"),
        ("yes-no", "perhaps", "yes"),
        ("date", "soon", "2026-07-05"),
        ("budget", "Hall", "Hall: £480"),
    ] {
        let refusal = app.issue_refused(member, save(question, unfit)).await;
        assert_eq!(refusal.code(), "answer_unfit", "{question}");
        app.issue_ok(member, save(question, fits)).await;
    }
    let (_, stranger) = office.group(&app).await;
    let refusal = app.issue_refused(stranger, save("number", "many")).await;
    assert_ne!(refusal.code(), "answer_unfit");
}

on_each_engine!(a_question_without_a_translation_says_so);
async fn a_question_without_a_translation_says_so(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (id, member) = draft_of_every_kind(&app, &office).await;
    let mut browser = signed_in(&app, &address, member).await;
    let at = format!("/my/applications/{id}/answer/long-text");
    let page = browser.get(&at);
    // Changing the language saves what was typed.
    let page = browser.submit_form(&page, &at, &[("answer", "Zupa"), ("then", "language-pl")]);
    assert_eq!(page.path, at);
    assert!(
        page.contains("Zupa") && page.contains("lang=\"pl\""),
        "{}",
        page.text
    );
    assert!(
        page.contains("<label for=\"answer-answer\">"),
        "{}",
        page.text
    );
    assert!(page.contains("lang=\"en\""), "{}", page.text);
    assert!(
        page.contains("nie jest jeszcze przetłumaczone"),
        "{}",
        visible_text(&page)
    );
    let page = browser.get(&format!("/my/applications/{id}/answer/one-choice"));
    assert!(page.contains("Pieszo"), "{}", visible_text(&page));
}

/// The questions on a page of the editor, as its form carries them.
fn draft_on(page: &Page) -> String {
    page.hidden_field("draft")
        .replace("&#34;", "\"")
        .replace("&quot;", "\"")
}

/// Starts from the usual questions, and adds one to choose from. Returns the editor's page.
fn add_a_question(browser: &mut Browser, post: &str) -> Page {
    let page = browser.get("/desk/texts/form?from=starter");
    let draft = draft_on(&page);
    let page = browser.submit_form(&page, post, &[("draft", &draft), ("do", "add")]);
    assert!(page.contains("Add a question"), "{}", visible_text(&page));
    let fields = [
        ("draft", draft.as_str()),
        ("editing", "4"),
        ("kind", "one_choice"),
        ("required", "yes"),
        ("label", "How will you come?"),
    ];
    let page = browser.submit_form(&page, post, &[&fields[..], &[("do", "save")]].concat());
    assert_eq!(page.status, 422, "{}", visible_text(&page));
    assert!(
        page.contains("Enter from 2 to 30 options"),
        "{}",
        visible_text(&page)
    );
    let options = [("options", "On foot\nBy bus"), ("do", "save")];
    let page = browser.submit_form(&page, post, &[&fields[..], &options].concat());
    assert!(
        page.contains("How will you come?"),
        "{}",
        visible_text(&page)
    );
    page
}

on_each_engine!(the_office_writes_questions_and_plans_a_round_with_them);
async fn the_office_writes_questions_and_plans_a_round_with_them(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let post = "/desk/do/form";
    let page = add_a_question(&mut browser, post);
    let draft = draft_on(&page);
    let page = browser.submit_form(&page, post, &[("draft", &draft), ("do", "preview:pl")]);
    assert!(
        page.contains("Co chcecie zrobić?"),
        "{}",
        visible_text(&page)
    );
    let plan = format!("/desk/funds/{}/rounds/new", office.fund);
    let sent = [
        ("draft", draft.as_str()),
        ("name", "Five questions"),
        ("back", plan.as_str()),
        ("do", "publish"),
    ];
    let page = browser.submit_form(&page, post, &sent);
    assert!(
        page.contains("Plan a round") && page.contains("Five questions"),
        "{}",
        page.text
    );
    let post = format!("/desk/do/round/{}", office.fund);
    let page = browser.submit_form(&page, &post, &[("name", "First"), ("form_version", "2")]);
    assert_eq!(page.status, 422);
    assert!(
        page.contains("Enter the day it opens"),
        "{}",
        visible_text(&page)
    );
    let (opens, closes) = (app.today().to_string(), app.in_days(20).to_string());
    let dates = [("opens_on", opens.as_str()), ("closes_on", closes.as_str())];
    let named = [("name", "First"), ("form_version", "2")];
    let page = browser.submit_form(&page, &post, &[&named[..], &dates].concat());
    assert_eq!(page.status, 200, "{}", visible_text(&page));
    assert!(
        page.path
            .starts_with(&format!("/desk/funds/{}", office.fund)),
        "{}",
        page.path
    );
    assert!(
        page.contains("Open the fund first") || page.contains("Open the round"),
        "{}",
        page.text
    );
}

on_each_engine!(a_fund_has_words_of_its_own);
/// For a fund that was opened, two administrators agree.
async fn a_fund_has_words_of_its_own(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let at = format!("/desk/funds/{}/words", office.fund);
    let page = browser.get(&at);
    assert!(
        page.contains("a second administrator must confirm"),
        "{}",
        visible_text(&page)
    );
    let post = format!("/desk/do/fund-words/{}", office.fund);
    let words = [
        ("name-pl", "Fundusz"),
        ("activities", "Keeping warm\nEating together"),
        ("question-0", "Is there heating?"),
        ("if-no-0", "We only fund warm rooms."),
        ("criterion-0", "Warmth"),
    ];
    let page = browser.submit_form(&page, &post, &words);
    assert_eq!(page.status, 200, "{}", visible_text(&page));
    let start = format!("/apply/{}/first", office.fund);
    let mut visitor = Browser::new(&address);
    let unchanged = visitor.get(&format!("{start}/fits"));
    assert!(
        unchanged.contains("Are at least two of you running it?"),
        "{}",
        unchanged.text
    );
    let fund: microgrants::projections::FundRow = app
        .views()
        .find(office.fund, None)
        .await
        .expect("a read")
        .expect("a fund");
    let proposed = fund.proposed_rules.expect("proposed rules");
    assert_eq!(proposed.texts.criteria[0].label.as_str(), "Warmth");
    let rules = serde_json::to_value(&proposed).expect("rules");
    office.change_rules(&app, &rules).await;
    app.catch_up().await;
    let own = visitor.get(&format!("{start}/fits"));
    assert!(own.contains("Is there heating?"), "{}", visible_text(&own));
    let form = visitor.get(&format!("{start}/form"));
    assert!(form.contains("Keeping warm"), "{}", visible_text(&form));
    visitor.get("/language/pl?to=/apply");
    assert!(visitor.get(&start).contains("Fundusz"));
}

on_each_engine!(proposed_rules_can_be_refused);
/// Until somebody confirms them, any administrator can refuse proposed rules, with a reason.
async fn proposed_rules_can_be_refused(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let mut ada = signed_in(&app, &address, office.ada).await;
    let mut ben = signed_in(&app, &address, office.ben).await;
    let rules = serde_json::to_value(Rules {
        offer_days: 20,
        ..rules()
    })
    .expect("rules");
    let on_fund =
        |name: &str, body: &serde_json::Value| command_from_json("fund", office.fund.0, name, body);
    let proposal = json!({ "rules": rules });
    app.issue_ok(office.ada, on_fund("propose-rules", &proposal))
        .await;
    app.catch_up().await;
    let path = format!("/desk/funds/{}", office.fund);
    let page = ada.get(&path);
    assert!(
        page.contains("needs a second person") && page.contains("Refuse these rules"),
        "{}",
        visible_text(&page)
    );
    let page = ben.get(&path);
    let whole = rules.to_string();
    let post = format!("/desk/do/funds/{}/refuse-rules", office.fund);
    let refuse = |reason| {
        [
            ("at", path.as_str()),
            ("form", "refuse-rules"),
            ("rules:json", whole.as_str()),
            ("reason", reason),
        ]
    };

    // When
    let without = ben.submit_form(&page, &post, &refuse(""));
    let refused = ben.submit_form(&page, &post, &refuse("Four weeks are better"));

    // Then
    assert_eq!(without.status, 422, "{}", visible_text(&without));
    assert!(
        refused.status == 200
            && refused.contains("Rules not used. The old ones stay.")
            && refused.contains("did not accept the new rules")
            && !refused.contains("Rules to confirm"),
        "{}",
        visible_text(&refused)
    );
    let fund: microgrants::projections::FundRow = app
        .views()
        .find(office.fund, None)
        .await
        .expect("a read")
        .expect("a fund");
    assert!(fund.proposed_rules.is_none() && fund.rules.offer_days == 28);
    let confirm = on_fund("confirm-rules", &proposal);
    assert_refused(&app, office.ben, "not_proposed", confirm).await;
}

on_each_engine!(a_fund_says_what_it_still_needs);
async fn a_fund_says_what_it_still_needs(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let page = browser.get(&format!("/desk/funds/{}", office.fund));
    let words = visible_text(&page);
    assert!(
        words.contains("Email Ready Someone has opened a link"),
        "{words}"
    );
    assert!(words.contains("Phone number Missing"), "{words}");
    assert!(page.contains("Version 1 is published"), "{words}");
}
