"""Reads messages, each after its length as four bytes, and says in one line of JSON what the email package makes of them."""
import email
import email.policy
import json
import sys


def opinion(raw, policy):
    message = email.message_from_bytes(raw, policy=policy)
    parts = message.get_payload() if message.is_multipart() else []
    return {
        "type": message.get_content_type(),
        "preamble": message.preamble or "",
        "epilogue": message.epilogue or "",
        "defects": [type(defect).__name__ for part in message.walk() for defect in part.defects],
        "parts": [
            {
                "type": part.get_content_type(),
                "nested": part.is_multipart(),
                "body": "" if part.is_multipart() else part.get_payload(decode=True).decode("latin-1"),
            }
            for part in parts
        ],
    }


def main():
    while True:
        head = sys.stdin.buffer.read(4)
        if len(head) < 4:
            return
        raw = sys.stdin.buffer.read(int.from_bytes(head, "big"))
        try:
            said = [opinion(raw, policy) for policy in (email.policy.compat32, email.policy.default)]
        except Exception as error:
            said = repr(error)
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


main()
