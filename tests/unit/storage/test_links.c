#include <sys/stat.h>

#include "base/clock.h"
#include "fixture.h"

struct link {
    char object[64], expires[32], key[32], signature[64];
};

static struct link parse(const char *text)
{
    struct link link = {0};
    assert_int_equal(sscanf(text, "/files/%63[^?]?expires=%31[^&]&key=%31[^&]&signature=%63s",
                            link.object, link.expires, link.key, link.signature),
                     4);
    return link;
}

static struct link sign(struct fixture *f, const char *object, int64_t seconds)
{
    FUS_AUTO_FREE char *text =
        fus_storage_sign(f->storage, object, fus_clock_real_us() / 1000000 + seconds);
    assert_non_null(text);
    return parse(text);
}

static bool verify(struct fixture *f, const struct link *link)
{
    return fus_storage_verify(f->storage, link->object, link->expires, link->key, link->signature);
}

static void a_signed_link_is_accepted(void **state)
{
    struct link link = sign(*state, "job_1.png", 60);
    assert_true(verify(*state, &link));
    assert_int_equal(strlen(link.signature), 43);
}

static void a_changed_link_is_refused(void **state)
{
    struct link good = sign(*state, "job_1.png", 60), bad = good;
    bad.object[4] = '2';
    assert_false(verify(*state, &bad));
    bad = good;
    bad.expires[0] = (char)(good.expires[0] + 1);
    assert_false(verify(*state, &bad));
    bad = good;
    bad.signature[0] = good.signature[0] == 'A' ? 'B' : 'A';
    assert_false(verify(*state, &bad));
    bad = good;
    bad.signature[42] = '\0';
    assert_false(verify(*state, &bad));
    bad = good;
    snprintf(bad.key, sizeof(bad.key), "nokey");
    assert_false(verify(*state, &bad));
    bad = good;
    snprintf(bad.expires, sizeof(bad.expires), "soon");
    assert_false(verify(*state, &bad));
    assert_false(
        fus_storage_verify(((struct fixture *)*state)->storage, good.object, NULL, NULL, NULL));
}

static void an_expired_link_is_refused(void **state)
{
    struct link link = sign(*state, "job_1.png", -1);
    assert_false(verify(*state, &link));
}

static void names_that_are_no_object_are_not_signed(void **state)
{
    struct fixture *f = *state;
    assert_null(fus_storage_sign(f->storage, "../link.key", 1));
    assert_null(fus_storage_sign(f->storage, "", 1));
}

static void the_key_is_made_once_and_private(void **state)
{
    struct fixture *f = *state;
    char path[512];
    struct stat facts;
    fixture_path(f, "link.key", path);
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    assert_int_equal(facts.st_nlink, 1);
    struct link link = sign(f, "job_1.png", 60);
    fixture_reopen(f);
    assert_true(verify(f, &link));
}

static void a_key_others_may_read_is_refused(void **state)
{
    struct fixture *f = *state;
    struct fus_storage *other = NULL;
    char path[512];
    fixture_path(f, "link.key", path);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(fus_storage_open(&f->config, &other, NULL), FUS_E_FORBIDDEN);
    assert_null(other);
}

static void after_a_rotation_the_new_key_signs_and_the_old_one_still_verifies(void **state)
{
    struct fixture *f = *state;
    char path[512], text[512];
    FUS_AUTO_FREE void *old = NULL;
    size_t size = 0;
    struct link before = sign(f, "job_1.png", 60);
    fixture_path(f, "link.key", path);
    assert_int_equal(fus_fs_read(path, 4096, &old, &size, NULL), 0);
    snprintf(text, sizeof(text),
             "new1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n%s",
             (const char *)old);
    fixture_write(f, "link.key", text);
    fixture_reopen(f);
    struct link after = sign(f, "job_1.png", 60);
    assert_string_equal(after.key, "new1");
    assert_true(verify(f, &after));
    assert_true(verify(f, &before));
}

static void a_damaged_key_file_is_an_error(void **state)
{
    struct fixture *f = *state;
    static const char no_hex[] =
        "key zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
    static const char *const texts[] = {"", "short 00\n", "nospace\n", "a-b 00\n", no_hex};
    for (size_t i = 0; i < FUS_COUNT(texts); i++) {
        struct fus_storage *other = NULL;
        fixture_write(f, "link.key", texts[i]);
        assert_int_equal(fus_storage_open(&f->config, &other, NULL), FUS_E_INVALID_PARAMETER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_signed_link_is_accepted),
        FIXTURE_TEST(a_changed_link_is_refused),
        FIXTURE_TEST(an_expired_link_is_refused),
        FIXTURE_TEST(names_that_are_no_object_are_not_signed),
        FIXTURE_TEST(the_key_is_made_once_and_private),
        FIXTURE_TEST(a_key_others_may_read_is_refused),
        FIXTURE_TEST(after_a_rotation_the_new_key_signs_and_the_old_one_still_verifies),
        FIXTURE_TEST(a_damaged_key_file_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
