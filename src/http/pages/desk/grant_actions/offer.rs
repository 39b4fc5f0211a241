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
                "Accept the offer for the group, read out by phone",
                signers,
            )
            .hidden("method", "read_over_telephone"),
        ];
        let scans = file_choices(files, &[FilePurpose::Scan, FilePurpose::SignedForm]);
        if !scans.is_empty() {
            table.push(
                self.accept(
                    "accept-paper",
                    "Accept the offer for the group, signed on paper",
                    signers,
                )
                .select("method.paper_scan.scan", "Which scan?", scans),
            );
        }
        table.push(
            self.spec(
                "Decline the offer for the group",
                C::DeclineOffer(NoBody {}),
            )
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
        self.spec("Ask for more time or another change for the group", request)
            .text_area("words", "Why, in the group’s words")
            .money(
                "change.amount",
                "New amount of the whole grant, if it changes",
            )
            .day("change.ends_on", "New end date, if it changes")
            .day(
                "change.update_due_on",
                "New day for the final report, if it changes",
            )
    }
}
