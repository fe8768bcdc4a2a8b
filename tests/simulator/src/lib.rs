//! A faithful ActiveCampaign on loopback or in process.
