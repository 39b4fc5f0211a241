//! Warnings to a person about their own access. Staff cannot edit their texts.

use uuid::Uuid;

use super::compose::{load_person, person_language, render_html};
use super::{ComposedMail, Email, MailError, Mailer};
use crate::commands::Commands;
use crate::domain::PersonId;
use crate::domain::language::Language;
use crate::projections::OrganisationRow;
use crate::store::outbox::{self, MailRow, NewMail};
use crate::store::sessions::LinkRow;

const CODE_TRIED: &str = "code_tried";
const TOKEN_MADE: &str = "token_made";

/// Subject, text, and path of the page that the mail links to.
struct WarningText(&'static str, &'static str, &'static str);

/// Enqueues the warning that wrong codes were typed, at most once per link.
pub async fn warn_of_wrong_codes(commands: &Commands, link: &LinkRow) -> Result<(), MailError> {
    enqueue(commands, CODE_TRIED, &link.person, &link.id).await
}

/// Enqueues the warning that a token was made on the account page.
pub async fn warn_of_new_token(
    commands: &Commands,
    person: PersonId,
    jti: Uuid,
) -> Result<(), MailError> {
    enqueue(commands, TOKEN_MADE, &person.to_string(), &jti.to_string()).await
}

async fn enqueue(
    commands: &Commands,
    kind: &str,
    person: &str,
    about: &str,
) -> Result<(), MailError> {
    let log = commands.log();
    let id = Uuid::new_v5(
        &commands.organisation().0,
        format!("mail/{kind}/{about}").as_bytes(),
    );
    let mail = NewMail {
        id: id.to_string(),
        kind: kind.to_owned(),
        person: person.to_owned(),
        about: about.to_owned(),
    };
    let mut tx = log.store().begin().await?;
    outbox::insert(
        &mut tx,
        log.organisation(),
        &mail,
        commands.now().as_microsecond(),
    )
    .await?;
    Ok(tx.commit().await?)
}

impl Mailer {
    /// Composes a warning; none if the mail is of another kind.
    pub(super) async fn compose_warning(
        &self,
        mail: &MailRow,
    ) -> Result<Option<ComposedMail>, MailError> {
        if ![CODE_TRIED, TOKEN_MADE].contains(&mail.kind.as_str()) {
            return Ok(None);
        }
        let Some((person, _)) = load_person(self, &mail.person).await? else {
            return Ok(Some(ComposedMail::NotNeeded(
                "the person is not known any more",
            )));
        };
        let language = person_language(self, &person).await?;
        let Some(to) = person.email else {
            return Ok(Some(ComposedMail::NotNeeded(
                "the person has no e-mail address",
            )));
        };
        let organisation: Option<OrganisationRow> = self
            .views
            .find(&self.commands.organisation().to_string(), None)
            .await?;
        let name = organisation.ok_or(MailError::ViewsBehind)?.name;
        let WarningText(subject, words, path) = warning_text(&mail.kind, language);
        let link = format!("{}{path}", self.address);
        let plain = format!("{words}\n\n{link}\n\n{name}");
        Ok(Some(ComposedMail::Email(Email {
            id: mail.id.clone(),
            to,
            language: language.code(),
            subject: subject.to_owned(),
            html: render_html(&plain, &link, subject, language),
            plain,
            attachment: None,
        })))
    }
}

fn warning_text(kind: &str, language: Language) -> WarningText {
    match (kind, language) {
        (CODE_TRIED, Language::En) => WarningText(
            "Somebody typed wrong codes to sign in as you",
            "Hello\n\nSomebody asked for a link to sign in with your e-mail address, and then typed five wrong codes. Nobody got in by them, \
             and the code in that mail does not work any more.\n\nIf it was not you, you need not do anything. Call us if it happens \
             again.\n\nIf it was you, ask for a new link here:",
            "/sign-in",
        ),
        (CODE_TRIED, Language::Pl) => WarningText(
            "Ktoś wpisał błędne kody, aby zalogować się jako Ty",
            "Dzień dobry!\n\nKtoś poprosił o link do zalogowania na Twój adres e-mail, a potem wpisał pięć błędnych kodów. Nikt się przez to \
             nie zalogował, a kod z tamtej wiadomości już nie działa.\n\nJeśli to nie Ty, nie musisz nic robić. Zadzwoń do nas, jeśli to się \
             powtórzy.\n\nJeśli to Ty, tutaj poprosisz o nowy link:",
            "/sign-in",
        ),
        (_, Language::En) => WarningText(
            "A token was made for your account",
            "Hello\n\nA token was made on the page of your account. A program that has it can act in your name until it ends.\n\nIf you made \
             it, you need not do anything.\n\nIf you did not, call us straight away, and end it on the page of your account:",
            "/account",
        ),
        (_, Language::Pl) => WarningText(
            "Na Twoim koncie utworzono token",
            "Dzień dobry!\n\nNa stronie Twojego konta utworzono token. Program, który go ma, może działać w Twoim imieniu, dopóki token się \
             nie skończy.\n\nJeśli to Twój token, nie musisz nic robić.\n\nJeśli nie, jak najszybciej zadzwoń do nas i zakończ go na \
             stronie swojego konta:",
            "/account",
        ),
    }
}
