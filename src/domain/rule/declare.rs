//! How the table of rules is declared.

/// Declares the rules, each with its subject, its sentence and the events that can break it.
macro_rules! rules {
    ($( $subject:ident {
        $( $rule:ident $sentence:literal $events:tt )+
    } )+) => {
        /// A rule of the service. Its name in findings is the variant's name in kebab case.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize,
            strum::EnumIter, strum::IntoStaticStr, strum::EnumString,
        )]
        #[serde(rename_all = "kebab-case")]
        #[strum(serialize_all = "kebab-case")]
        pub enum Rule {
            $( $( #[doc = $sentence] $rule, )+ )+
        }

        impl Rule {
            /// What the rule is about.
            #[must_use]
            pub fn subject(self) -> RuleSubject {
                match self {
                    $( $( Self::$rule )|+ => RuleSubject::$subject, )+
                }
            }

            /// What must hold.
            #[must_use]
            pub fn sentence(self) -> &'static str {
                match self {
                    $( $( Self::$rule => $sentence, )+ )+
                }
            }

            /// The events that can break the rule, each as `stream.Event`, or `*` for all.
            #[must_use]
            pub fn events(self) -> &'static [&'static str] {
                match self {
                    $( $( Self::$rule => &$events, )+ )+
                }
            }
        }
    };
}
pub(super) use rules;
