"""Takes Rill's events from RabbitMQ and has an effect for each of them exactly once.

The broker may say an event twice: after Rill or the broker was killed, and to a consumer that was killed before it
acknowledged. The id of the event is written in the same transaction as its effect; an id that is there already has had
its effect. The acknowledgement follows the commit. Run it as `exactly_once.py amqp://… FILE`; it prints a line for
each delivery, for whoever watches.
"""

import json
import sqlite3
import sys
import time

import pika

QUEUE = "exactly-once"
RECONNECT_SECONDS = 0.5


def main(url, path):
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("create table if not exists inbox (event_id text primary key) without rowid")
    # What this consumer is for: here it counts the messages of each room.
    database.execute("create table if not exists messages (room text primary key, count integer not null)")
    while True:
        try:
            consume(url, database)
        except pika.exceptions.AMQPError:
            # Not there yet, or not there any more.
            time.sleep(RECONNECT_SECONDS)


def consume(url, database):
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.exchange_declare("rill.events", exchange_type="topic", durable=True)
        channel.queue_declare(QUEUE, durable=True)
        channel.queue_bind(QUEUE, "rill.events", routing_key="chat.#")
        channel.basic_qos(prefetch_count=100)
        print("ready", flush=True)
        for method, _, body in channel.consume(QUEUE):
            event = json.loads(body)
            again = not apply(database, event)
            told = {"id": event["id"], "room": event["subject"], "seq": event["data"]["seq"], "again": again}
            print(json.dumps(told), flush=True)
            channel.basic_ack(method.delivery_tag)


def apply(database, event):
    """False if the event has had its effect before."""
    database.execute("begin immediate")
    try:
        database.execute("insert into inbox values (?)", [event["id"]])
    except sqlite3.IntegrityError:
        database.execute("rollback")
        return False
    if event["type"] == "chat.message.created.v1":
        database.execute(
            "insert into messages values (?, 1) on conflict do update set count = count + 1", [event["subject"]]
        )
    database.execute("commit")
    return True


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
