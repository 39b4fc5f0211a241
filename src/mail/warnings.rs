//! Warnings to a person about their own access. Staff cannot edit their texts.

use uuid::Uuid;

use super::compose::MailDraft;
use super::fixed_text::FixedText;
use super::{Composer, MailError, derive_id};
use crate::auth::links::LinkRow;
use crate::commands::Commands;
use crate::domain::PersonId;
use crate::domain::language::Language;
use crate::eventlog::LogError;
use crate::outbox::{self, MailRow, NewMail};

const CODE_TRIED: &str = "code_tried";
const TOKEN_MADE: &str = "token_made";

/// Enqueues the warning that wrong codes were typed, at most once per link.
pub async fn warn_of_wrong_codes(commands: &Commands, link: &LinkRow) -> Result<(), LogError> {
    enqueue(commands, CODE_TRIED, &link.person, &link.id).await
}

/// Enqueues the warning that a token was made on the account page.
pub async fn warn_of_new_token(
    commands: &Commands,
    person: PersonId,
    jti: Uuid,
) -> Result<(), LogError> {
    enqueue(commands, TOKEN_MADE, &person.to_string(), &jti.to_string()).await
}

async fn enqueue(
    commands: &Commands,
    kind: &str,
    person: &str,
    about: &str,
) -> Result<(), LogError> {
    let mail = NewMail {
        id: derive_id(commands, &format!("{kind}/{about}")),
        kind: kind.to_owned(),
        person: person.to_owned(),
        about: about.to_owned(),
    };
    outbox::enqueue(commands.log(), &[mail], commands.now().as_microsecond()).await
}

impl Composer {
    /// Composes a warning; none if the mail is of another kind.
    pub(super) async fn compose_warning(
        &self,
        mail: &MailRow,
    ) -> Result<Option<MailDraft>, MailError> {
        if ![CODE_TRIED, TOKEN_MADE].contains(&mail.kind.as_str()) {
            return Ok(None);
        }
        let reader = self.load_fixed_text_reader(mail).await?;
        let text = warning_text(&mail.kind, reader.language);
        self.write_fixed_text(reader, &text).await.map(Some)
    }
}

fn warning_text(kind: &str, language: Language) -> FixedText {
    match (kind, language) {
        (CODE_TRIED, Language::En) => FixedText {
            subject: "Someone typed wrong codes to sign in as you",
            words: "Hello\n\nSomeone asked for a link to sign in with your email address, and then \
                typed five wrong codes. No one got in, and the code in that email no longer \
                works.\n\nIf it was not you, you do not need to do anything. Phone us on \
                {{ phone }} if it happens again.\n\nIf it was you, ask for a new link here:",
            path: "/sign-in".to_owned(),
        },
        (CODE_TRIED, Language::Pl) => FixedText {
            subject: "Ktoś wpisał błędne kody, aby zalogować się jako Ty",
            words: "Dzień dobry!\n\nKtoś poprosił o link do zalogowania na Twój adres e-mail, a \
                potem wpisał pięć błędnych kodów. Nikt się przez to nie zalogował, a kod z tamtej \
                wiadomości już nie działa.\n\nJeśli to nie Ty, nie musisz nic robić. Jeśli to się \
                powtórzy, zadzwoń do nas: {{ phone }}.\n\nJeśli to Ty, tutaj poprosisz o nowy \
                link:",
            path: "/sign-in".to_owned(),
        },
        (_, Language::En) => FixedText {
            subject: "A token was made for your account",
            words: "Hello\n\nSomeone made a token on your account page. A program that has the \
                token can act in your name until it ends.\n\nIf you made it, you do not need to do \
                anything.\n\nIf you did not, phone us straight away on {{ phone }}, and end it on \
                your account page:",
            path: "/account".to_owned(),
        },
        (_, Language::Pl) => FixedText {
            subject: "Na Twoim koncie utworzono token",
            words: "Dzień dobry!\n\nNa stronie Twojego konta utworzono token. Program, który go \
                ma, może działać w Twoim imieniu, dopóki token się nie skończy.\n\nJeśli to Twój \
                token, nie musisz nic robić.\n\nJeśli nie, jak najszybciej zadzwoń do nas: {{ \
                phone }}, i zakończ go na stronie swojego konta:",
            path: "/account".to_owned(),
        },
    }
}
