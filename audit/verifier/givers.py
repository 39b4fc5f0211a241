"""Who may give each event: *Given by* in docs/events.md, and after a bar *Earlier also*."""

from __future__ import annotations

TABLE = """
organisation.OrganisationFounded operator
organisation.FounderNamed operator
organisation.LogRestored operator
organisation.CheckpointKeyRotated operator
organisation.RoleGiven administrator
organisation.RoleProposed administrator
organisation.RoleConfirmed administrator
organisation.RoleEnded administrator operator
organisation.SignsAdopted administrator
organisation.ThemesAdopted administrator
organisation.PledgesPublished officer
organisation.AimsAdopted administrator
organisation.FormPublished administrator officer
organisation.AgreementPublished administrator
organisation.NoticePublished administrator
organisation.ReportPublished administrator officer
organisation.LessonPublished officer connector
organisation.LessonWithdrawn officer connector
organisation.MailTextPublished administrator officer
organisation.MailTextProposed administrator
organisation.MailTextRefused administrator
organisation.SettingsProposed administrator
organisation.SettingsSet administrator
organisation.SettingsRefused administrator
organisation.WebhookProposed administrator
organisation.WebhookConfirmed administrator
organisation.WebhookEnded administrator
organisation.WebhookSecretMade administrator
organisation.StatementShared administrator officer finance
organisation.StatementLinkEnded administrator officer finance
person.PersonRegistered administrator officer connector person job operator
person.GroupBegun person
person.DraftBegun person
person.SignUpBegun officer connector lead person
person.ContactChangeProposed officer
person.ContactChangeRefused officer person
person.ContactChanged officer person job
person.MailLanguageChosen officer person
person.AddressProven job
person.AccessEnded administrator
person.ConsentGiven officer connector person
person.ConsentTakenBack officer connector person
person.PersonToTell job
person.PersonTold administrator officer finance
person.TellingTakenBack administrator officer finance
person.EmailedInstead administrator officer finance
person.PledgeTaken officer connector person
person.PledgeKept officer connector person
person.PledgeDropped officer connector person job
person.PledgesReminded job
person.ErasureRequested officer person
person.ErasureRefused administrator
person.PersonalDataErased administrator job operator
fund.FundCreated administrator
fund.RulesSet administrator
fund.RulesProposed administrator
fund.RulesConfirmed administrator
fund.RulesRefused administrator
fund.FundOpened administrator
fund.FundPaused administrator
fund.FundResumed administrator
fund.FundClosed administrator
fund.FundArchived administrator
fund.FundingAllocated finance
fund.FundingWithdrawn finance
fund.RoundPlanned administrator officer
fund.RoundOpened administrator officer
fund.RoundExtended administrator officer
fund.RoundClosed administrator officer
fund.DecidingStarted administrator officer
fund.RoundCompleted administrator officer
fund.PanelMet panel
fund.LettersMoved administrator officer panel
fund.LettersReleased administrator officer panel job
fund.BatchSent finance
fund.BankFileMade finance
fund.ReserveListed panel
fund.ReserveUnlisted officer panel member
fund.CommitmentIncreased officer panel
fund.Committed panel
fund.CommitmentReduced officer finance panel member
fund.CommitmentReleased officer panel member job
fund.CommitmentTakenBack panel
group.GroupRegistered anybody
group.GroupCorrected officer
group.GroupCorrectionProposed officer member
group.GroupCorrectionRefused officer
group.ContactSet officer member
group.IdentifierRecorded officer | member
group.MemberInvited officer member
group.InvitationRefused officer member person
group.MemberAdded officer person | member
group.MemberRemoved officer member
group.PayeeProvided officer finance member
group.PayeeVerified officer finance
group.FileKept officer finance member
group.FileRemoved officer member
group.CheckFiled officer
group.GroupMerged officer
group.GroupTakenIn officer
group.GrantOpened panel
group.GrantEnded officer panel member job
group.PastGrantRecorded officer
group.TallyGiven officer connector member
group.TallyCorrected officer connector member
group.ErasureRequested officer member
group.ErasureRefused administrator
group.PersonalDataErased administrator job operator
application.ApplicationStarted officer member
application.AnswersSaved officer member
application.ApplicationSubmitted officer member
application.HelpConfirmed administrator officer finance panel
application.HelpRefused administrator officer finance panel
application.LanguageChosen officer member
application.ChangesRequested officer
application.ApplicationResubmitted officer member
application.EligibilityConfirmed officer
application.EligibilityRefused officer
application.EligibilityTakenBack officer
application.NoInterestDeclared administrator officer finance panel
application.InterestDeclared administrator officer finance panel
application.ScoreGiven panel
application.ScoreRevised panel
application.ScoreSetAside administrator officer finance panel
application.PublicSummaryWritten officer panel
application.Awarded panel
application.Declined panel
application.Deferred panel
application.Reserved panel
application.LetterMoved administrator officer panel
application.LetterReleased administrator officer panel job
application.DecisionTakenBack panel
application.AttendanceConfirmed panel | administrator officer
application.ReviewRequested officer member
application.ReviewDecided panel
application.ApplicationWithdrawn officer member
application.ApplicationLapsed officer job
application.DraftReopened officer job
application.DraftReminded job
grant.GrantOffered panel
grant.OfferSent administrator officer panel job
grant.LetterMoved administrator officer panel
grant.LetterReleased administrator officer panel job
grant.AwardTakenBack panel
grant.RevocationProposed panel
grant.RevocationConfirmed panel
grant.AgreementIssued panel
grant.AgreementSigned officer member
grant.AgreementAccepted officer member
grant.OfferDeclined officer member
grant.OfferLapsed officer job
grant.OfferWithdrawn panel
grant.CheckRequested officer
grant.CheckPassed officer
grant.CheckReused officer panel
grant.CheckFailed officer
grant.WaiverProposed officer
grant.CheckWaived officer finance
grant.PaymentsScheduled officer finance
grant.ScheduleProposed officer finance
grant.PaymentPrepared officer finance
grant.EarlyPaymentProposed officer finance
grant.EarlyPaymentConfirmed finance
grant.PaymentApproved finance
grant.PaymentRejected finance
grant.PaymentCancelled officer finance
grant.PaymentSent finance
grant.PaymentConfirmed finance
grant.PaymentFailed finance
grant.PaymentReversed finance
grant.PaymentCorrected finance
grant.VariationRequested officer member
grant.VariationApproved officer panel
grant.VariationRefused officer panel
grant.AwardGrown officer panel
grant.GrantHeld officer finance
grant.GrantResumed officer finance
grant.GrantTerminated panel
grant.UpdateRequested officer member
grant.UpdateMoved officer panel
grant.ReminderSent officer job
grant.UpdateSaved officer member
grant.UpdateReceived officer member
grant.UpdateAccepted officer
grant.UpdateQueried officer
grant.UpdateExcused officer
grant.UpdateCorrected officer
grant.OutcomeJudged officer
grant.NewsSent officer member
grant.UnderspendDeclared officer member
grant.ReturnRequested officer finance
grant.ClawbackDemanded panel
grant.ReturnReceived finance
grant.ReturnWaiverProposed officer finance
grant.ReturnWaived finance
grant.EntryUnsettled finance
grant.SettlementProposed officer finance
grant.EntrySettled finance
grant.AttendanceConfirmed panel | administrator officer
grant.StoryPublished officer
grant.StoryWithdrawn officer member
grant.GrantClosed officer
gathering.GatheringPlanned officer connector
gathering.GatheringDescribed officer connector
gathering.GatheringOpened officer connector
gathering.GatheringEnded officer connector
gathering.SessionAdded officer connector lead
gathering.SessionMoved officer connector lead
gathering.SessionCancelled officer connector lead
gathering.PlaceTaken officer connector lead person job
gathering.WaitingJoined officer connector lead person job
gathering.PlaceGivenUp officer connector lead person job
gathering.WaitingLeft officer connector lead person job
gathering.SignUpsCounted officer connector lead
gathering.SessionHeld officer connector lead
gathering.AttendanceCorrected officer connector lead
gathering.NotesWritten officer connector
gathering.StoryChosen officer connector
gathering.TallyGiven officer connector
gathering.TallyCorrected officer connector
gathering.LeadOffered officer connector lead
gathering.LeadTaken officer connector person
gathering.LeadLeft officer connector lead
gathering.HandAskedFor officer connector lead
gathering.HandForgotten job
gathering.RiskChecked officer
gathering.SessionReminded job
gathering.NeedsForgotten job
asset.AssetRecorded officer connector
asset.WordsProposed officer connector member person
asset.AssetPublished officer connector
asset.AssetPaused officer connector member person
asset.AssetResumed officer connector member person
asset.AssetConfirmed officer connector member person
asset.AssetWithdrawn officer connector member person job
asset.TieMade officer connector
asset.TieEnded officer connector
asset.KeeperChanged officer connector
asset.ExchangeRecorded officer connector member person
asset.ExchangeCorrected officer connector
asset.AssetReminded job
asset.WordsForgotten job
introduction.IntroductionAsked officer connector member person
introduction.IntroductionAgreed officer connector member person
introduction.IntroductionMade officer connector
introduction.IntroductionWelcomed officer connector member
introduction.IntroductionDeclined officer connector member
introduction.IntroductionCameTo officer connector member person
introduction.IntroductionTakenBack officer connector member person
introduction.IntroductionClosed officer connector job
introduction.IntroductionReminded job
introduction.MattersForgotten job
barrier.BarrierRaised officer connector person
barrier.BarrierSummedUp officer connector
barrier.BarrierJoined officer connector
barrier.BarrierTakenIn officer connector
barrier.BarrierPassedOn officer connector
barrier.BarrierAnswered officer connector
barrier.BarrierWithdrawn officer connector
barrier.BarrierClosed officer connector
barrier.BarrierReminded job
barrier.BarrierWordsForgotten job
"""


def read_table(text: str) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """By event: who gives it, and who else gave it with earlier programs."""
    givers, earlier = {}, {}
    for line in text.strip().splitlines():
        event, names = line.split(" ", 1)
        now, _, before = names.partition(" | ")
        givers[event], earlier[event] = frozenset(now.split()), frozenset(before.split())
    return givers, earlier


GIVERS, EARLIER = read_table(TABLE)
