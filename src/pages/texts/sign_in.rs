//! What the pages say on which people sign in, sign in again, and end a session that is not theirs.

use super::texts;

texts! {
    /// The pages for signing in.
    SignInTexts {
        title: "Sign in" | "Anmelden";
        lead: "Use your Home Assistant account." | "Mit Ihrem Home-Assistant-Konto.";
        username: "User name" | "Benutzername";
        password: "Password" | "Passwort";
        show_password: "Show" | "Zeigen";
        code: "Code of your authenticator app" | "Code Ihrer Authenticator-App";
        remember: "Stay signed in on this device" | "Auf diesem Gerät angemeldet bleiben";
        with_home_assistant: "Sign in with Home Assistant" | "Mit Home Assistant anmelden";
        or: "or" | "oder";
        signed_in: "You are signed in already: continue" | "Sie sind schon angemeldet: weiter";
        again_title: "Confirm that it is you" | "Bestätigen Sie, dass Sie es sind";
        again_lead: "What comes next asks you to sign in again." | "Für den nächsten Schritt müssen Sie sich noch einmal anmelden.";
        again_lead_as: "What comes next asks you to sign in again, as {account}."
            | "Für den nächsten Schritt müssen Sie sich noch einmal anmelden, als {account}.";
        again_with_home_assistant: "Confirm with Home Assistant" | "Mit Home Assistant bestätigen";
        again_button: "Confirm" | "Bestätigen";
        start: "Go to the start page" | "Zur Startseite";
        signed_out: "You are signed out." | "Sie sind abgemeldet.";
        ended: "Your session has ended. Sign in again." | "Ihre Sitzung ist beendet. Melden Sie sich noch einmal an.";
        ended_expired: "Your session has ended because its time was up. Sign in again."
            | "Ihre Sitzung ist abgelaufen. Melden Sie sich noch einmal an.";
        ended_signed_out: "Your session was ended from another of your devices, or on another page. Sign in again."
            | "Ihre Sitzung wurde auf einem anderen Ihrer Geräte oder auf einer anderen Seite beendet. Melden Sie sich noch \
               einmal an.";
        ended_by_administrator: "An administrator has ended your session." | "Die Verwaltung hat Ihre Sitzung beendet.";
        ended_account: "Your session has ended because your account has changed: its password, or whether it is active."
            | "Ihre Sitzung ist beendet, weil sich Ihr Konto geändert hat: das Passwort, oder ob es aktiv ist.";
        ended_replaced: "Your session has ended because you have signed in on too many other devices. Sign in again."
            | "Ihre Sitzung ist beendet, weil Sie sich auf zu vielen anderen Geräten angemeldet haben. Melden Sie sich noch \
               einmal an.";
        wrong_password: "User name or password is wrong." | "Benutzername oder Passwort ist falsch.";
        second_factor_there: "This account has two-step verification. Sign in with Home Assistant instead."
            | "Dieses Konto hat eine Zwei-Faktor-Anmeldung. Melden Sie sich stattdessen mit Home Assistant an.";
        second_factor_nowhere: "This account has two-step verification, which signing in with a password cannot ask for."
            | "Dieses Konto hat eine Zwei-Faktor-Anmeldung, nach der die Anmeldung mit Passwort nicht fragen kann.";
        code_missing: "This account has two-step verification. Type the password again, and the code of your authenticator app."
            | "Dieses Konto hat eine Zwei-Faktor-Anmeldung. Geben Sie das Passwort noch einmal ein, und den Code Ihrer \
               Authenticator-App.";
        wrong_code: "The code is wrong, or was used already. Type the password again, and the code that the app shows now."
            | "Der Code ist falsch oder schon verbraucht. Geben Sie das Passwort noch einmal ein, und den Code, den die App \
               jetzt zeigt.";
        other_account: "You are signed in with another account." | "Sie sind mit einem anderen Konto angemeldet.";
        other_account_there: "You are signed in with another account than the one that you chose on Home Assistant's page."
            | "Sie sind mit einem anderen Konto angemeldet als dem, das Sie auf der Seite von Home Assistant gewählt haben.";
        not_active: "This account is not active." | "Dieses Konto ist nicht aktiv.";
        not_local: "This account may only sign in from the local network."
            | "Dieses Konto darf sich nur aus dem lokalen Netz anmelden.";
        too_many: "Too many attempts. Try again later." | "Zu viele Versuche. Versuchen Sie es später noch einmal.";
        too_many_until: "Too many attempts. Try again in {time}." | "Zu viele Versuche. Versuchen Sie es in {time} noch einmal.";
        old_page: "This page was too old. Please try again." | "Diese Seite war zu alt. Bitte versuchen Sie es noch einmal.";
        not_now: "Signing in is not possible right now. Try again later."
            | "Die Anmeldung ist gerade nicht möglich. Versuchen Sie es später noch einmal.";
        not_now_here: "Signing in is not possible right now. Wait a moment, then begin again here."
            | "Die Anmeldung ist gerade nicht möglich. Warten Sie einen Moment und beginnen Sie hier noch einmal.";
        no_second_factor: "This asks for two-step verification, which your account does not have. Set it up in your profile \
                           in Home Assistant, then sign in again here."
            | "Dafür braucht es eine Zwei-Faktor-Anmeldung, die Ihr Konto nicht hat. Richten Sie sie in Ihrem Profil in Home \
               Assistant ein und melden Sie sich hier noch einmal an.";
        old_journey: "That sign-in was too old, was finished already, or was begun in another browser. Begin again here."
            | "Diese Anmeldung war zu alt, schon beendet oder in einem anderen Browser begonnen. Beginnen Sie hier noch einmal.";
        refused_there: "Home Assistant did not sign you in. You can try again."
            | "Home Assistant hat Sie nicht angemeldet. Sie können es noch einmal versuchen.";
        forgotten_there: "Home Assistant no longer knows this sign-in. Begin again here."
            | "Home Assistant kennt diese Anmeldung nicht mehr. Beginnen Sie hier noch einmal.";
        not_from_here: "Home Assistant does not let this account sign in from where you are."
            | "Home Assistant lässt dieses Konto von dort, wo Sie sind, nicht anmelden.";
        unknown_here: "This account is not known here. If it was made a moment ago, wait a moment and try again."
            | "Dieses Konto ist hier nicht bekannt. Wenn es gerade erst angelegt wurde, warten Sie einen Moment und versuchen \
               Sie es noch einmal.";
        answers_badly: "Home Assistant does not answer as it should right now. Wait a moment, then try again."
            | "Home Assistant antwortet gerade nicht, wie es soll. Warten Sie einen Moment und versuchen Sie es noch einmal.";
        not_me_title: "Was it you?" | "Waren Sie das?";
        not_me: "If it was not you who signed in, end that session. Whoever has it is signed out at once."
            | "Wenn nicht Sie sich angemeldet haben, beenden Sie diese Sitzung. Wer sie hat, ist sofort abgemeldet.";
        not_me_button: "It was not me: end the session" | "Ich war es nicht: Sitzung beenden";
        not_me_ended_title: "The session has ended" | "Die Sitzung ist beendet";
        not_me_ended: "Now change your password in Home Assistant: somebody else may know it."
            | "Ändern Sie jetzt Ihr Passwort in Home Assistant: Vielleicht kennt es jemand anderes.";
        not_me_old_title: "This link is not good any more" | "Dieser Link gilt nicht mehr";
        not_me_old: "It was used, it is too old, or the session has ended. If in doubt, change your password in Home \
                     Assistant: that ends your sessions."
            | "Er wurde benutzt, ist zu alt, oder die Sitzung ist beendet. Ändern Sie im Zweifel Ihr Passwort in Home \
               Assistant: Das beendet Ihre Sitzungen.";
        not_me_failed_title: "Try again" | "Noch einmal versuchen";
        not_me_failed: "The session could not be ended for good. Open the link again in a moment, and change your password in \
                        Home Assistant."
            | "Die Sitzung konnte nicht endgültig beendet werden. Öffnen Sie den Link gleich noch einmal und ändern Sie Ihr \
               Passwort in Home Assistant.";
    }
}
