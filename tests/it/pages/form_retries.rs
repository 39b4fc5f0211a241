//! Submitting a refused form again: the last attempt is the one that is recorded.

use microgrants::projections::{ApplicationRow, GroupRow, PersonRow};
use microgrants::views::{PageRequest as Wanted, Reader};

use crate::pages::journeys::{serve_office, signed_in_officer, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::test_app::TestApp;

/// An opened form that is submitted several times.
struct OpenedForm {
    page: Page,
    fields: Vec<(String, String)>,
}

impl OpenedForm {
    async fn opened(house: &TestApp) -> (Browser, Self) {
        let (office, address) = serve_office(house).await;
        let mut browser = signed_in_officer(house, &office, &address).await;
        let round = format!("{}/first", office.fund);
        let page = browser.get(&format!("/desk/applications/new?round={round}"));
        let began = page.hidden_field("began");
        let today = house.today().to_string();
        let fields = [
            ("began", began.as_str()),
            ("round", round.as_str()),
            ("form", "keyed"),
            ("channel", "paper"),
            ("received_on", today.as_str()),
            ("help", "read_back"),
            ("consent", "yes"),
            ("group", "Tea on paper"),
            ("standing", "new"),
            ("area", "oldham"),
            ("person", "Zofia"),
            ("email", "zofia@example.org"),
            ("language", "en"),
            ("requested", "1200"),
            ("activity", "food"),
            ("at_risk", "no"),
            ("q-idea", "Tea"),
        ];
        let fields = fields
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        (browser, Self { page, fields })
    }

    /// Submits it with some fields changed.
    fn submit(&self, browser: &mut Browser, otherwise: &[(&str, &str)]) -> Page {
        let usual = self
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let usual = usual.filter(|(name, _)| !otherwise.iter().any(|(other, _)| other == name));
        let fields: Vec<_> = usual.chain(otherwise.iter().copied()).collect();
        browser.submit_form(&self.page, "/desk/do/keyed", &fields)
    }
}

async fn groups(house: &TestApp) -> Vec<GroupRow> {
    house.catch_up().await;
    house
        .views()
        .list(
            None,
            Vec::new(),
            &Wanted {
                after: None,
                limit: 50,
            },
        )
        .await
        .unwrap()
        .items
}

on_each_engine!(a_second_try_records_what_it_says);
async fn a_second_try_records_what_it_says(house: TestApp) {
    let (mut browser, form) = OpenedForm::opened(&house).await;
    let tomorrow = house.in_days(1).to_string();
    let first = [
        ("received_on", tomorrow.as_str()),
        ("group", "Tee on papper"),
        ("area", "stockport"),
        ("person", "Sofia"),
        ("email", "sofia@example.org"),
        ("telephone", "0161 496 0000"),
        ("language", "pl"),
        ("helper", "Ola"),
        ("q-idea", "Tee"),
    ];
    let refused = form.submit(&mut browser, &first);
    assert_eq!(refused.status, 422, "{}", visible_text(&refused));
    assert!(
        groups(&house)
            .await
            .iter()
            .any(|group| group.name == "Tee on papper"),
        "the first try brought the group in"
    );
    let taken = form.submit(&mut browser, &[]);
    assert!(
        taken.status == 200 && taken.path.contains("/desk/applications/"),
        "{} {}",
        taken.path,
        visible_text(&taken)
    );

    let groups = groups(&house).await;
    let group = groups
        .iter()
        .find(|group| group.name == "Tea on paper")
        .expect("the group's name was put right");
    assert_eq!(
        (groups.len(), group.area.as_str()),
        (1, "oldham"),
        "the one group, with its area put right"
    );
    let people: Vec<PersonRow> = house
        .views()
        .people(group.invited.iter().map(ToString::to_string).collect())
        .await
        .unwrap();
    let people = house
        .views()
        .decrypt_people(&Reader::service(), people)
        .await
        .unwrap();
    let said: Vec<_> = people
        .into_iter()
        .map(|person| (person.name, person.email, person.telephone))
        .collect();
    assert_eq!(
        said,
        [(
            Some("Zofia".to_owned()),
            Some("zofia@example.org".to_owned()),
            None
        )]
    );
    let rows: Vec<ApplicationRow> = house
        .views()
        .list(
            None,
            Vec::new(),
            &Wanted {
                after: None,
                limit: 50,
            },
        )
        .await
        .unwrap()
        .items;
    assert_eq!(rows.len(), 1);
    assert_eq!(
        rows[0].area.as_ref().map(ToString::to_string).as_deref(),
        Some("oldham")
    );
    assert!(
        rows[0].helper_sealed.is_none() && rows[0].language.code() == "en",
        "nobody helps with the language"
    );
    let answers = house.views().answers(rows[0].id, None).await.unwrap();
    assert_eq!(
        answers
            .into_iter()
            .filter_map(|answer| answer.answer)
            .collect::<Vec<_>>(),
        ["Tea"]
    );
}

on_each_engine!(what_cannot_change_any_more_is_said);
async fn what_cannot_change_any_more_is_said(house: TestApp) {
    let (mut browser, form) = OpenedForm::opened(&house).await;
    let tomorrow = house.in_days(1).to_string();
    let on = ("received_on", tomorrow.as_str());
    let refused = form.submit(
        &mut browser,
        &[on, ("late_reason", "It lay in the other office")],
    );
    assert_eq!(refused.status, 422, "{}", visible_text(&refused));
    let late = [("late_reason", "It lay in the other office")];
    let before = house.log.length().await.unwrap();
    for (otherwise, says) in [
        (
            vec![("standing", "existing"), late[0]],
            "on record with the other answer",
        ),
        (
            vec![("person", ""), ("email", ""), late[0]],
            "Somebody is on record for this group",
        ),
        (vec![("q-idea", ""), late[0]], "on record already"),
        (vec![], "It is on record that this form"),
    ] {
        let refused = form.submit(&mut browser, &otherwise);
        assert!(
            refused.status == 422 && refused.contains(says),
            "{says}: {} {}",
            refused.status,
            visible_text(&refused)
        );
    }
    assert_eq!(
        house.log.length().await.unwrap(),
        before,
        "what is refused records nothing"
    );
    let taken = form.submit(&mut browser, &late);
    assert!(
        taken.status == 200 && taken.path.contains("/desk/applications/"),
        "{} {}",
        taken.path,
        visible_text(&taken)
    );
}
