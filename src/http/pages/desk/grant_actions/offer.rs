//! Answering the offer, or requesting a variation, for a group that does so on paper or by
//! telephone.

use super::{GrantActions, file_choices};
use crate::domain::GrantCommand as C;
use crate::domain::command::NoBody;
use crate::domain::file::FilePurpose;
use crate::domain::grant::{AcceptAgreement, AcceptanceMethod, RequestVariation, VariationChanges};
use crate::domain::personal_data::PersonalInput;
use crate::http::pages::PageError;
use crate::http::pages::desk::action::{Action, ActionSpec};
use crate::projections::FileRow;

impl GrantActions<'_> {
    pub async fn offer(&self, files: &[FileRow], signers: u8) -> Result<Vec<Action>, PageError> {
        let mut table = vec![
            self.accept(
                "accept-telephone",
                "Accept it for the group: the agreement was read out by telephone",
                signers,
            )
            .hidden("method", "read_over_telephone"),
        ];
        let scans = file_choices(files, &[FilePurpose::Scan, FilePurpose::SignedForm]);
        if !scans.is_empty() {
            table.push(
                self.accept(
                    "accept-paper",
                    "Accept it for the group: it signed on paper",
                    signers,
                )
                .select("method.paper_scan.scan", "The scan", scans),
            );
        }
        table.push(
            self.spec("Decline it for the group", C::DeclineOffer(NoBody {}))
                .destructive(),
        );
        table.push(self.request_variation());
        self.offered(table).await
    }

    fn accept(&self, form: &str, title: &str, signers: u8) -> ActionSpec {
        let hash = &self.row.agreement_hash;
        let accept = C::AcceptAgreement(AcceptAgreement {
            hash: hash.clone(),
            method: AcceptanceMethod::ReadOverTelephone,
            names: (0..signers)
                .map(|number| PersonalInput::Open(format!("signer {number}")))
                .collect(),
        });
        (0..signers)
            .fold(self.spec(title, accept).form(form), |spec, number| {
                spec.text(
                    &format!("names.{number}"),
                    &format!("Name of signer {}", number + 1),
                )
            })
            .hidden("hash", hash)
    }

    fn request_variation(&self) -> ActionSpec {
        let request = C::RequestVariation(RequestVariation {
            change: VariationChanges {
                ends_on: Some(self.row.ends_on),
                ..VariationChanges::default()
            },
            words: PersonalInput::Open("words".to_owned()),
        });
        self.spec("Ask for a change for the group", request)
            .text_area("words", "Why, in the group's words")
            .money(
                "change.amount",
                "The whole award as it should be; empty if it stays",
            )
            .day(
                "change.ends_on",
                "Last day of the activity; empty if it stays",
            )
            .day(
                "change.update_due_on",
                "Last day for the final update; empty if it stays",
            )
    }
}
