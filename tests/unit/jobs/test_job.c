#include "fixture.h"

#include "jobs/job.h"

static void every_state_has_a_name_that_reads_back(void **state)
{
    for (int i = 0; i < FUS_JOB_STATES; i++)
        assert_int_equal(fus_job_state_from_name(fus_job_state_name((enum fus_job_state)i)), i);
    assert_int_equal(fus_job_state_from_name("running"), -1);
    assert_int_equal(fus_job_state_from_name(NULL), -1);
}

static void terminal_states_go_nowhere(void **state)
{
    for (int from = 0; from < FUS_JOB_STATES; from++) {
        bool moves = false;
        for (int to = 0; to < FUS_JOB_STATES; to++)
            moves |= fus_job_may_move((enum fus_job_state)from, (enum fus_job_state)to);
        assert_int_equal(moves, !fus_job_state_terminal((enum fus_job_state)from));
    }
    assert_false(fus_job_state_terminal(FUS_JOB_QUEUED));
    assert_false(fus_job_state_terminal(FUS_JOB_PROCESSING));
    assert_true(fus_job_state_terminal(FUS_JOB_COMPLETED));
}

static void a_queued_job_cannot_complete_without_being_processed(void **state)
{
    assert_true(fus_job_may_move(FUS_JOB_QUEUED, FUS_JOB_PROCESSING));
    assert_true(fus_job_may_move(FUS_JOB_PROCESSING, FUS_JOB_QUEUED));
    assert_false(fus_job_may_move(FUS_JOB_QUEUED, FUS_JOB_COMPLETED));
    assert_false(fus_job_may_move(FUS_JOB_COMPLETED, FUS_JOB_CANCELLED));
    assert_false(fus_job_may_move((enum fus_job_state)99, FUS_JOB_QUEUED));
}

static void a_done_job_is_empty_and_may_be_done_again(void **state)
{
    struct fus_job job = {.tenant = fus_strdup("t"), .request = fus_strdup("{}")};
    fus_job_done(&job);
    assert_null(job.tenant);
    fus_job_done(&job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_has_a_name_that_reads_back),
        cmocka_unit_test(terminal_states_go_nowhere),
        cmocka_unit_test(a_queued_job_cannot_complete_without_being_processed),
        cmocka_unit_test(a_done_job_is_empty_and_may_be_done_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
