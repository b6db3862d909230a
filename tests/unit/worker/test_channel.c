#include "fixture.h"

#include <pthread.h>
#include <sys/socket.h>

#include "worker/channel.h"

struct pair {
    struct fus_channel *channel; /* the end under test */
    int other;
};

static int setup(void **state)
{
    struct pair *pair = calloc(1, sizeof(*pair));
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) ||
        fus_channel_new(ends[0], 1000, 200, &pair->channel, NULL))
        return -1;
    pair->other = ends[1];
    *state = pair;
    return 0;
}

static int teardown(void **state)
{
    struct pair *pair = *state;
    fus_channel_free(pair->channel);
    fus_close(pair->other);
    free(pair);
    return 0;
}

static void put(struct pair *pair, const char *text)
{
    assert_int_equal(send(pair->other, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static int receive(struct pair *pair, json_t **message)
{
    struct fus_error err;
    return fus_channel_receive(pair->channel, message, &err);
}

static void lines_come_out_one_by_one_however_they_are_cut(void **state)
{
    struct pair *pair = *state;
    json_t *message = NULL;
    assert_int_equal(receive(pair, &message), 0);
    put(pair, "{\"seq\":1,\"a\":");
    assert_int_equal(receive(pair, &message), 0);
    put(pair, "7}\n{\"seq\":2}\n{\"se");
    assert_int_equal(receive(pair, &message), 1);
    assert_int_equal(json_integer_value(json_object_get(message, "a")), 7);
    json_decref(message);
    assert_int_equal(receive(pair, &message), 1);
    json_decref(message);
    assert_int_equal(receive(pair, &message), 0);
    put(pair, "q\":3}\n");
    assert_int_equal(receive(pair, &message), 1);
    json_decref(message);
}

static void every_breach_of_the_protocol_is_noticed(void **state)
{
    static const char *const breaches[] = {
        "{\"seq\":2}\n",                /* one is missing */
        "{\"seq\":\"1\"}\n",            /* not a number */
        "{}\n",                         /* none */
        "[1]\n",                        /* not an object */
        "\n",                           /* empty */
        "{\"seq\":1\n",                 /* not JSON */
        "{\"seq\":1,\"seq\":1}\n",      /* twice the same member */
        "{\"seq\":1} {\"seq\":2}\n",    /* two on a line */
        "{\"seq\":1,\"a\":\"\xff\"}\n", /* not UTF-8 */
    };
    for (size_t i = 0; i < FUS_COUNT(breaches); i++) {
        void *fresh = NULL;
        assert_int_equal(setup(&fresh), 0);
        json_t *message = NULL;
        put(fresh, breaches[i]);
        assert_int_equal(receive(fresh, &message), FUS_E_INVALID_REQUEST);
        teardown(&fresh);
    }
    struct pair *pair = *state;
    json_t *message = NULL;
    put(pair, "{\"seq\":1}\n{\"seq\":1}\n"); /* a repeated one */
    assert_int_equal(receive(pair, &message), 1);
    json_decref(message);
    assert_int_equal(receive(pair, &message), FUS_E_INVALID_REQUEST);
}

static void a_line_beyond_the_cap_is_refused_with_or_without_its_end(void **state)
{
    struct pair *pair = *state;
    char line[1100];
    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\0';
    json_t *message = NULL;
    put(pair, line);
    assert_int_equal(receive(pair, &message), FUS_E_INVALID_REQUEST);
}

static void the_other_ends_end_is_told_apart(void **state)
{
    struct pair *pair = *state;
    json_t *message = NULL;
    put(pair, "{\"seq\":1}\n");
    fus_close(pair->other);
    pair->other = -1;
    assert_int_equal(receive(pair, &message), 1); /* what was said before is heard */
    json_decref(message);
    assert_int_equal(receive(pair, &message), FUS_E_WORKER_CRASHED);
    json_t *object = json_object();
    assert_int_equal(fus_channel_send(pair->channel, object, NULL), FUS_E_WORKER_CRASHED);
    json_decref(object);
}

static void a_reader_that_does_not_read_costs_a_bounded_time(void **state)
{
    struct pair *pair = *state;
    FUS_AUTO_FREE char *text = fus_calloc(1, (1 << 20) + 1);
    memset(text, 'x', 1 << 20);
    json_t *object = json_pack("{s:s}", "text", text);
    int64_t begun_us = fus_clock_monotonic_us();
    assert_int_equal(fus_channel_send(pair->channel, object, NULL), FUS_E_WORKER_CRASHED);
    assert_true(fus_clock_monotonic_us() - begun_us < 2000000);
    json_decref(object);
}

static void an_object_that_could_not_be_made_is_no_memory(void **state)
{
    struct pair *pair = *state;
    assert_int_equal(fus_channel_send(pair->channel, NULL, NULL), FUS_E_OUT_OF_MEMORY);
}

static void *send_many(void *arg)
{
    json_t *object = json_object();
    for (int i = 0; i < 50; i++) {
        if (fus_channel_send(arg, object, NULL))
            break;
    }
    json_decref(object);
    return NULL;
}

static void messages_of_several_threads_keep_their_numbers(void **state)
{
    struct pair *pair = *state;
    struct fus_channel *other = NULL;
    assert_int_equal(fus_channel_new(pair->other, 1000, 200, &other, NULL), 0);
    pair->other = -1;
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_many, pair->channel), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 150; i++) {
        json_t *message = NULL;
        assert_int_equal(fus_channel_receive(other, &message, NULL), 1);
        json_decref(message);
    }
    fus_channel_free(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines_come_out_one_by_one_however_they_are_cut),
        TEST(every_breach_of_the_protocol_is_noticed),
        TEST(a_line_beyond_the_cap_is_refused_with_or_without_its_end),
        TEST(the_other_ends_end_is_told_apart),
        TEST(a_reader_that_does_not_read_costs_a_bounded_time),
        TEST(an_object_that_could_not_be_made_is_no_memory),
        TEST(messages_of_several_threads_keep_their_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
