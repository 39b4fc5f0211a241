//! Files that answer a question of the form: sent, shown, and removed.

use microgrants::domain::application::SaveAnswers;
use microgrants::domain::personal_data::PersonalInput;
use microgrants::domain::{ApplicationCommand, ApplicationId, Command};

use super::journeys::{serve_office, signed_in, visible_text};
use super::question_kinds::{another_draft, draft_of_every_kind};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::text;
use crate::support::test_app::TestApp;

/// Sends the page of a question with files.
fn send_files(
    browser: &mut Browser,
    page: &Page,
    kept: &[(&str, &str)],
    files: &[(&str, &str)],
) -> Page {
    let own = ["csrf", "key", "shown"].map(|name| (name, page.hidden_field(name)));
    let own = own.iter().map(|(name, value)| (*name, value.as_str()));
    let fields: Vec<_> = own
        .chain([("form", "answer")])
        .chain(kept.iter().copied())
        .collect();
    browser.post_files(&page.path, &fields, files)
}

/// The digests that the saved answer names.
async fn saved_files(app: &TestApp, id: ApplicationId) -> Vec<String> {
    app.catch_up().await;
    let answers = app.views().answers(id.0, None).await.expect("answers");
    let answer = answers
        .into_iter()
        .find(|answer| answer.question.as_str() == "file")
        .and_then(|answer| answer.answer)
        .expect("an answer");
    answer.lines().map(str::to_owned).collect()
}

const PAPER: &str = "%PDF-1.4\nillustrative\n%%EOF\n";
const OTHER_PAPER: &str = "%PDF-1.4\nillustrative, too\n%%EOF\n";

on_each_engine!(papers_answer_a_question_and_can_be_removed);
async fn papers_answer_a_question_and_can_be_removed(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (id, member) = draft_of_every_kind(&app, &office).await;
    let mut browser = signed_in(&app, &address, member).await;
    let page = browser.get(&format!("/my/applications/{id}/answer/file"));

    // When
    let none = send_files(&mut browser, &page, &[], &[]);
    let papers = [("file-answer", PAPER), ("file-answer", "no picture")];
    let broken = send_files(&mut browser, &page, &[], &papers);
    let first = broken.hidden_field("answer");
    let kept = [("answer", first.as_str())];
    let other = [("file-answer", OTHER_PAPER)];
    let saved = send_files(&mut browser, &broken, &kept, &other);

    // Then
    assert!(
        none.status == 422 && none.contains("Add a photo or a PDF"),
        "{}",
        visible_text(&none)
    );
    assert_eq!(broken.status, 422, "{}", visible_text(&broken));
    assert_eq!(saved.status, 303, "{}", visible_text(&saved));
    let files = saved_files(&app, id).await;
    assert_eq!((files.len(), &files[0]), (2, &first));
    let check = browser.get(&format!("/my/applications/{id}/check"));
    assert!(check.contains("File 2"), "{}", visible_text(&check));
    let (bytes, media) = browser.download(&format!("/my/applications/{id}/files/{first}"));
    assert_eq!(
        (bytes.as_slice(), media.as_str()),
        (PAPER.as_bytes(), "application/pdf")
    );
    let mut staff = signed_in(&app, &address, office.ada).await;
    let seen = staff.get(&format!("/desk/applications/{id}"));
    assert!(seen.contains(&first), "{}", visible_text(&seen));

    let page = browser.get(&format!("/my/applications/{id}/answer/file"));
    let both = [
        ("answer", files[0].as_str()),
        ("answer", files[1].as_str()),
        ("drop", files[0].as_str()),
    ];
    let removed = send_files(&mut browser, &page, &both, &[]);
    assert_eq!(removed.status, 303, "{}", visible_text(&removed));
    assert_eq!(saved_files(&app, id).await, files[1..]);
    let form = browser.get(&format!("/apply/{}/kinds/form", office.fund));
    assert!(
        form.contains("Please enclose a copy"),
        "{}",
        visible_text(&form)
    );
}

on_each_engine!(an_answer_names_files_of_its_own_group_only);
async fn an_answer_names_files_of_its_own_group_only(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (id, member) = draft_of_every_kind(&app, &office).await;
    let (other, stranger) = another_draft(&app, &office).await;
    let mut browser = signed_in(&app, &address, stranger).await;
    let page = browser.get(&format!("/my/applications/{other}/answer/file"));
    let sent = send_files(&mut browser, &page, &[], &[("file-answer", PAPER)]);
    assert_eq!(sent.status, 303, "{}", visible_text(&sent));
    let theirs = saved_files(&app, other).await.remove(0);
    let save = SaveAnswers {
        answers: [(text("file"), PersonalInput::Open(theirs))].into(),
        ..SaveAnswers::default()
    };
    let save = Command::Application(id, ApplicationCommand::SaveAnswers(save));
    let refusal = app.issue_refused(member, save).await;
    assert_eq!(refusal.code(), "answer_unfit");
}

on_each_engine!(the_last_paper_of_a_required_answer_can_be_removed);
async fn the_last_paper_of_a_required_answer_can_be_removed(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let drafts = [
        draft_of_every_kind(&app, &office).await,
        another_draft(&app, &office).await,
    ];
    for ((id, member), then) in drafts.into_iter().zip(["next", "later"]) {
        let mut browser = signed_in(&app, &address, member).await;
        let path = format!("/my/applications/{id}/answer/file");
        let page = browser.get(&path);
        send_files(&mut browser, &page, &[], &[("file-answer", PAPER)]);
        let file = saved_files(&app, id).await.remove(0);
        let page = browser.get(&path);

        // When
        let out = [
            ("answer", file.as_str()),
            ("drop", file.as_str()),
            ("then", then),
        ];
        let removed = send_files(&mut browser, &page, &out, &[]);

        // Then
        assert_eq!(removed.status, 303, "{}", visible_text(&removed));
        let page = browser.get(&path);
        assert!(
            !page.contains(&file) && page.contains("Add a photo or a PDF"),
            "{then}: {}",
            visible_text(&page)
        );
        let gone = browser.get(&format!("/my/applications/{id}/files/{file}"));
        assert_eq!(gone.status, 404, "{then}");
    }
}
