//! Submitting a refused form again: the last attempt is the one that is recorded.

use microgrants::projections::{ApplicationRow, GroupRow, PersonRow};
use microgrants::views::{Page as Wanted, Reader};

use crate::browser::{Browser, Page};
use crate::cases::Cases;
use crate::house::House;
use crate::pages::{officer, started, words};

pub fn cases(cases: &mut Cases) {
    cases.both("keying::a_second_try_records_what_it_says", second_try);
    cases.both("keying::what_cannot_change_any_more_is_said", unchangeable);
}

/// An opened form that is submitted several times.
struct Form {
    page: Page,
    fields: Vec<(String, String)>,
}

impl Form {
    async fn opened(house: &House) -> (Browser, Self) {
        let (office, address) = started(house).await;
        let mut browser = officer(house, &office, &address).await;
        let round = format!("{}/first", office.fund);
        let page = browser.get(&format!("/desk/applications/new?round={round}"));
        let began = page.hidden("began");
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
    fn sent(&self, browser: &mut Browser, otherwise: &[(&str, &str)]) -> Page {
        let usual = self
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let usual = usual.filter(|(name, _)| !otherwise.iter().any(|(other, _)| other == name));
        let fields: Vec<_> = usual.chain(otherwise.iter().copied()).collect();
        browser.fill(&self.page, "/desk/do/keyed", &fields)
    }
}

async fn groups(house: &House) -> Vec<GroupRow> {
    house.catch_up().await;
    house
        .views()
        .list(
            None,
            Vec::new(),
            &Wanted {
                after: None,
                most: 50,
            },
        )
        .await
        .unwrap()
        .items
}

async fn second_try(house: House) {
    let (mut browser, form) = Form::opened(&house).await;
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
    let refused = form.sent(&mut browser, &first);
    assert_eq!(refused.status, 422, "{}", words(&refused));
    assert!(
        groups(&house)
            .await
            .iter()
            .any(|group| group.name == "Tee on papper"),
        "the first try brought the group in"
    );
    let taken = form.sent(&mut browser, &[]);
    assert!(
        taken.status == 200 && taken.path.contains("/desk/applications/"),
        "{} {}",
        taken.path,
        words(&taken)
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
        .open_people(&Reader::service(), people)
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
                most: 50,
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

async fn unchangeable(house: House) {
    let (mut browser, form) = Form::opened(&house).await;
    let tomorrow = house.in_days(1).to_string();
    let on = ("received_on", tomorrow.as_str());
    let refused = form.sent(
        &mut browser,
        &[on, ("late_reason", "It lay in the other office")],
    );
    assert_eq!(refused.status, 422, "{}", words(&refused));
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
        let refused = form.sent(&mut browser, &otherwise);
        assert!(
            refused.status == 422 && refused.says(says),
            "{says}: {} {}",
            refused.status,
            words(&refused)
        );
    }
    assert_eq!(
        house.log.length().await.unwrap(),
        before,
        "what is refused records nothing"
    );
    let taken = form.sent(&mut browser, &late);
    assert!(
        taken.status == 200 && taken.path.contains("/desk/applications/"),
        "{} {}",
        taken.path,
        words(&taken)
    );
}
