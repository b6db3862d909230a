/* A folder of the test's own. */
#ifndef FUS_TEST_PIPELINE_FOLDER_H
#define FUS_TEST_PIPELINE_FOLDER_H

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"

struct folder {
    char path[64];
};

static inline struct folder new_folder(void)
{
    struct folder folder = {"/tmp/fus_pipeline_XXXXXX"};

    if (!mkdtemp(folder.path))
        abort();
    return folder;
}

static inline void end_folder(struct folder *folder)
{
    fus_fs_remove_tree(folder->path, NULL);
}

static inline char *in_folder(const struct folder *folder, const char *name)
{
    char *path = fus_fs_join(folder->path, name);

    if (!path)
        abort();
    return path;
}

/* Files in it, hidden ones too. */
static inline int count_files(const struct folder *folder)
{
    DIR *dir = opendir(folder->path);
    int count = 0;

    if (!dir)
        abort();
    for (struct dirent *entry; (entry = readdir(dir));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return count;
}

#endif
