//! ActiveCampaign lists as a destination.
