#include "../cmocka_all.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/queue.h"

static int numbers[1000];

static void *produce(void *user)
{
    for (size_t i = 0; i < FUS_COUNT(numbers); i++) {
        if (!fus_queue_push(user, &numbers[i]))
            return NULL;
    }
    return user;
}

static void order_is_kept_through_a_small_queue(void **state)
{
    FUS_CLEANUP(fus_queue_free) struct fus_queue *queue = fus_queue_new(3, NULL);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, produce, queue), 0);
    for (size_t i = 0; i < FUS_COUNT(numbers); i++) {
        assert_ptr_equal(fus_queue_pop(queue), &numbers[i]);
        assert_true(fus_queue_length(queue) <= 3);
    }
    void *result = NULL;
    pthread_join(thread, &result);
    assert_ptr_equal(result, queue);
}

static void an_abort_wakes_a_blocked_producer(void **state)
{
    FUS_CLEANUP(fus_queue_free) struct fus_queue *queue = fus_queue_new(2, NULL);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, produce, queue), 0);
    while (fus_queue_length(queue) < 2)
        fus_clock_sleep_ms(1);
    fus_queue_abort(queue);
    void *result = queue;
    pthread_join(thread, &result);
    assert_null(result);
    assert_null(fus_queue_pop(queue));
    assert_false(fus_queue_push(queue, &numbers[0]));
}

static void a_timed_pop_gives_up(void **state)
{
    FUS_CLEANUP(fus_queue_free) struct fus_queue *queue = fus_queue_new(1, NULL);
    assert_null(fus_queue_pop_timed(queue, 0));
    int64_t before = fus_clock_monotonic_us();
    assert_null(fus_queue_pop_timed(queue, 20));
    assert_true(fus_clock_monotonic_us() - before >= 19000);
    assert_true(fus_queue_push(queue, &numbers[5]));
    assert_ptr_equal(fus_queue_pop_timed(queue, 0), &numbers[5]);
}

static void what_is_left_is_destroyed(void **state)
{
    struct fus_queue *queue = fus_queue_new(4, free);
    assert_true(fus_queue_push(queue, malloc(10)));
    assert_true(fus_queue_push(queue, malloc(10)));
    fus_queue_free(queue); /* the leak checker is the assertion */
    assert_null(fus_queue_new(0, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_kept_through_a_small_queue),
        cmocka_unit_test(an_abort_wakes_a_blocked_producer),
        cmocka_unit_test(a_timed_pop_gives_up),
        cmocka_unit_test(what_is_left_is_destroyed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
