# Starts ClickHouse with its data on $volume and its password from $secret in $region. Runs once, at the instance's first start.

# The disk's serial number is the volume's id without the hyphen; it appears when the volume is attached.
disk="/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volume/-/}"
for _ in $(seq 1 120); do
  [ -e "$disk" ] && break
  sleep 5
done
[ -e "$disk" ] || { echo "$volume is not attached" >&2; exit 1; }
blkid "$disk" > /dev/null || mkfs.xfs -L clickhouse "$disk"
mkdir -p /var/lib/clickhouse
echo "LABEL=clickhouse /var/lib/clickhouse xfs defaults,noatime,nofail 0 2" >> /etc/fstab
mount /var/lib/clickhouse

dnf install -y dnf-plugins-core awscli-2
dnf config-manager --add-repo https://packages.clickhouse.com/rpm/clickhouse.repo
dnf install -y clickhouse-server clickhouse-client
chown clickhouse:clickhouse /var/lib/clickhouse

cat > /etc/clickhouse-server/config.d/listen.xml << 'XML'
<clickhouse>
  <listen_host>0.0.0.0</listen_host>
  <http_port>8123</http_port>
  <tcp_port>9000</tcp_port>
</clickhouse>
XML

# Nobody gets in without the password; the server keeps no more of it than its digest.
digest=$(aws secretsmanager get-secret-value --region "$region" --secret-id "$secret" \
  --query SecretString --output text | tr -d '\n' | sha256sum | cut -d ' ' -f 1)
cat > /etc/clickhouse-server/users.d/password.xml << XML
<clickhouse>
  <users>
    <default>
      <password remove="1"/>
      <password_sha256_hex>$digest</password_sha256_hex>
    </default>
  </users>
</clickhouse>
XML
chown -R clickhouse:clickhouse /etc/clickhouse-server/config.d /etc/clickhouse-server/users.d
chmod 600 /etc/clickhouse-server/users.d/password.xml
systemctl enable --now clickhouse-server
