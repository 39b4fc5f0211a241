//! The sentences after actions on the organisation, people and funds.

use super::{ActionNotice, says};

pub(super) const OF_SETUP: &[ActionNotice] = &[
    says(
        "organisation",
        "propose-role",
        "Role asked for. A second administrator must agree.",
    ),
    says(
        "organisation",
        "confirm-role",
        "Role confirmed. They can use it from now on.",
    ),
    says("organisation", "end-role", "Role ended."),
    says(
        "organisation",
        "adopt-signs",
        "Signs saved. New reports use them.",
    ),
    says(
        "organisation",
        "adopt-themes",
        "Themes saved. Groups choose from them from now on.",
    ),
    says(
        "organisation",
        "publish-form",
        "Questions published. Rounds planned from now on can use them.",
    ),
    says(
        "organisation",
        "publish-agreement",
        "Agreement published. New offers use it.",
    ),
    says(
        "organisation",
        "adopt-aims",
        "Aims saved. Groups can give numbers for their questions.",
    ),
    says(
        "organisation",
        "publish-lesson",
        "Lesson published. It is in the library now.",
    ),
    says(
        "organisation",
        "withdraw-lesson",
        "Lesson withdrawn. No one reads it any more.",
    ),
    says(
        "organisation",
        "publish-report",
        "Wording published. It is on the public report now.",
    ),
    says(
        "organisation",
        "publish-mail-text",
        "Wording saved. Emails use it from now on.",
    ),
    says(
        "organisation",
        "propose-mail-text",
        "Wording saved. A second administrator must agree before it is used.",
    ),
    says(
        "organisation",
        "confirm-mail-text",
        "Wording confirmed. Emails use it from now on.",
    ),
    says(
        "organisation",
        "refuse-mail-text",
        "Wording not used. The old one stays.",
    ),
    says(
        "organisation",
        "set-settings",
        "Settings saved. Pages show them now.",
    ),
    says(
        "organisation",
        "propose-settings",
        "Proposed. A second administrator must agree before we use them.",
    ),
    says(
        "organisation",
        "confirm-settings",
        "Settings confirmed. Pages show them now.",
    ),
    says(
        "organisation",
        "refuse-settings",
        "Settings not used. The old ones stay.",
    ),
    says(
        "organisation",
        "propose-webhook",
        "Webhook saved. A second administrator must agree.",
    ),
    says(
        "organisation",
        "confirm-webhook",
        "Webhook confirmed. It is on.",
    ),
    says(
        "organisation",
        "end-webhook",
        "Webhook ended. Nothing more is sent to it.",
    ),
    says("organisation", "make-webhook-secret", "New secret made."),
    says(
        "organisation",
        "share-statement",
        "Link made. Copy it and send it to the funder.",
    ),
    says(
        "organisation",
        "end-statement-link",
        "Link ended. It no longer opens the statement.",
    ),
    says("people", "register", "Person added."),
    says(
        "people",
        "change-contact",
        "Contact details saved. If they are someone else’s, that person or another officer must \
            agree.",
    ),
    says(
        "people",
        "confirm-contact",
        "Contact details confirmed. We use them from now on.",
    ),
    says(
        "people",
        "refuse-contact",
        "Contact details not used. The old ones stay.",
    ),
    says(
        "people",
        "end-access",
        "Signed out everywhere. They can sign in again.",
    ),
    says(
        "people",
        "request-erasure",
        "Erasure asked for. Someone in the office will look at it within a month.",
    ),
    says(
        "people",
        "refuse-erasure",
        "Erasure refused. Your reason is saved.",
    ),
    says("people", "erase", "Erased. It cannot be undone."),
    says("people", "tell", "Saved. They are off the list."),
    says(
        "people",
        "take-back-telling",
        "Undone. They are back on the list.",
    ),
    says("people", "email-instead", "The email is on its way."),
    says("people", "prove-address", "Email address confirmed."),
    says("people", "choose-language", "Language of emails saved."),
    says("people", "introduce", "Person added."),
    says("funds", "create", "Fund added."),
    says("funds", "set-rules", "Rules saved."),
    says(
        "funds",
        "propose-rules",
        "Rules saved. A second person must agree before they apply.",
    ),
    says(
        "funds",
        "confirm-rules",
        "Rules confirmed. They apply from now on.",
    ),
    says(
        "funds",
        "refuse-rules",
        "Rules not used. The old ones stay.",
    ),
    says("funds", "allocate", "Money added to the fund."),
    says("funds", "withdraw-funding", "Money taken out of the fund."),
    says("funds", "open", "The fund is open."),
    says(
        "funds",
        "pause",
        "The fund is paused. Until it resumes, groups cannot apply and nothing can be awarded.",
    ),
    says("funds", "resume", "The fund is open again."),
    says("funds", "close", "The fund is closed."),
    says("funds", "archive", "The fund is archived."),
    says(
        "funds",
        "plan-round",
        "Round planned. Look at it as a group sees it, then open it.",
    ),
    says(
        "funds",
        "open-round",
        "The round is open. Groups can apply.",
    ),
    says("funds", "extend-round", "Saved. The round closes later.")
        .until("closes_on", "Saved. Groups can apply until {day}."),
    says(
        "funds",
        "close-round",
        "The round is closed. Groups can no longer apply.",
    ),
    says(
        "funds",
        "start-deciding",
        "Deciding has begun. The panel can record its meeting.",
    ),
    says("funds", "complete-round", "The round is finished."),
    says("funds", "record-meeting", "Meeting recorded.").until(
        "letters_on",
        "Meeting recorded. Letters are held until {day}.",
    ),
    says(
        "funds",
        "release-letters",
        "Letters released. An offer goes out once enough of the panel confirm they were there.",
    ),
    says(
        "funds",
        "move-letters",
        "Saved. The letters have a new day.",
    )
    .until("letters_on", "Saved. The letters go out on {day}."),
    says(
        "funds",
        "send-batch",
        "Payments marked as sent. Each group hears that its money is on the way.",
    ),
];
